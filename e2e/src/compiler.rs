//! The host's C compiler as the judge of what a source includes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// For each source the headers of the same tree that it includes, directly or not, as `cc -MM` lists them.
/// All paths are relative to `directory` and sorted.
///
/// # Panics
/// When the compiler is missing or refuses a source.
pub fn included_files(
    directory: &Path,
    flags: &[&str],
    sources: &[String],
) -> BTreeMap<String, Vec<String>> {
    let output = Command::new("cc")
        .current_dir(directory)
        .arg("-MM")
        .args(flags)
        .args(sources)
        .output()
        .expect("a C compiler is installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cc -MM in {}:\n{complaint}",
        directory.display()
    );
    parse_rules(&String::from_utf8_lossy(&output.stdout))
}

fn parse_rules(text: &str) -> BTreeMap<String, Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let rules = joined.lines().filter_map(|line| line.split_once(": "));
    rules
        .map(|(_, prerequisites)| {
            let mut files = prerequisites.split_whitespace().map(normalized);
            let source = files.next().expect("cc names the source first");
            let mut headers: Vec<String> = files.collect();
            headers.sort();
            headers.dedup();
            (source, headers)
        })
        .collect()
}

/// `a/./b/../c` as `a/c`, by its text alone.
pub fn normalized(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.last().is_some_and(|last| *last != "..") => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_over_several_lines_is_one_rule_with_plain_paths() {
        let rules = parse_rules(
            "debug.o: common/debug.c common/../z.h \\\n common/debug.h common/../z.h\n",
        );
        assert_eq!(rules["common/debug.c"], ["common/debug.h", "z.h"]);
    }

    #[test]
    fn a_path_that_leaves_the_tree_keeps_its_dots() {
        assert_eq!(normalized("../a/../../b"), "../../b");
    }
}
