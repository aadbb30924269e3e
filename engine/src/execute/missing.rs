//! Guesses from the log of a failed action which files of the workspace it
//! missed because it does not declare them.
//!
//! A guess only: it reads words that name existing files, and is shown as a
//! hint beside the log itself.

use std::path::Path;

use kiln_plugin_abi::WorkspacePath;

use super::stage::InputTree;
use crate::sys::fs;

/// Most bytes of a log that are looked at, from its end.
const LOOKED_AT: usize = 64 * 1024;

/// Most files that are proposed.
const PROPOSED: usize = 3;

/// Where an action failed.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// The workspace root, absolute.
    pub root: &'a Path,
    /// The package's directory, relative to it.
    pub package: &'a str,
    /// What the action saw.
    pub inputs: &'a InputTree,
}

/// A hint for each file that `log` names, that exists, and that is no input.
#[must_use]
pub fn missing_inputs(failed: &Failed<'_>, log: &[u8]) -> Vec<String> {
    let tail = &log[log.len().saturating_sub(LOOKED_AT)..];
    let text = String::from_utf8_lossy(tail);
    let mut found: Vec<WorkspacePath> = Vec::new();
    for line in text.lines().filter(|line| speaks_of_absence(line)) {
        for word in line.split(|c: char| c.is_whitespace() || "'\"`‘’:,;()[]<>".contains(c)) {
            let Some(path) = failed.undeclared(word) else {
                continue;
            };
            if !found.contains(&path) && found.len() < PROPOSED {
                found.push(path);
            }
        }
    }
    found.iter().map(|path| failed.advice(path)).collect()
}

fn speaks_of_absence(line: &str) -> bool {
    [
        "No such file",
        "not found",
        "cannot find",
        "can't open",
        "does not exist",
    ]
    .iter()
    .any(|phrase| line.contains(phrase))
}

impl Failed<'_> {
    /// The file of the workspace that `word` names and that is no input.
    fn undeclared(&self, word: &str) -> Option<WorkspacePath> {
        let path = match word.strip_prefix("/kiln/ws/") {
            Some(below) => WorkspacePath::resolve("", below).ok()?,
            None => {
                let from_package = format!("{}/{word}", self.package);
                WorkspacePath::resolve("", from_package.trim_start_matches('/')).ok()?
            }
        };
        let is_file = || {
            let status = fs::symlink_metadata(&self.root.join(path.as_str()));
            matches!(status, Ok(Some(status)) if status.is_file())
        };
        let hidden = path.as_str().starts_with(".kiln/");
        (!hidden && !self.inputs.contains(&path) && is_file()).then_some(path)
    }

    fn advice(&self, path: &WorkspacePath) -> String {
        let written = match path.below(self.package) {
            Some(below) => below.to_owned(),
            None => format!("@fs:file@path={path}"),
        };
        format!("`{path}` exists but is not declared: add \"{written}\" to `deps`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_exist_and_are_not_declared_are_proposed() {
        let directory = tempfile::tempdir().unwrap();
        for file in ["p/a.h", "q/b.h", "p/c.h"] {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"").unwrap();
        }
        let inputs = InputTree::default();
        let failed = Failed {
            root: directory.path(),
            package: "p",
            inputs: &inputs,
        };
        let log = b"x.c:1:10: fatal error: a.h: No such file or directory\n\
            cat: /kiln/ws/q/b.h: No such file or directory\n\
            c.h is mentioned without being missed\n\
            cat: ../../etc/passwd: No such file or directory\n";
        assert_eq!(
            missing_inputs(&failed, log),
            [
                "`p/a.h` exists but is not declared: add \"a.h\" to `deps`",
                "`q/b.h` exists but is not declared: add \"@fs:file@path=q/b.h\" to `deps`",
            ]
        );
    }
}
