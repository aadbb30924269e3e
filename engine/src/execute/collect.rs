//! Turns what an action left behind into listings of its declared outputs, and
//! finds out whether it tampered with its inputs.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;

use kiln_plugin_abi::{
    DeclaredOutput, Diagnostic, Digest, GroupName, OutputGroup, OutputKind, Target, WorkspacePath,
};

use super::contents::ContentError;
use super::stage::InputTree;
use crate::artifact::{Entry, Listing, link_destination};
use crate::sys::fs::FsError;
use crate::sys::walk::{Found, FoundEntry, FoundTree, open_found, walk};

/// Most undeclared files that are named.
const NAMED: usize = 10;

/// Takes the contents of output files.
pub trait OutputSink {
    /// Keeps the bytes of an open file of `size` bytes and says what they are.
    fn keep(
        &self,
        file: std::fs::File,
        size: u64,
        executable: bool,
    ) -> Result<Digest, ContentError>;
}

/// What an action made.
#[derive(Debug)]
pub struct Collected {
    /// A listing for each declared group, in the order of the declaration.
    pub groups: Vec<(Option<GroupName>, Listing)>,
    /// Files that it left elsewhere in the workspace, sorted.
    pub undeclared: Vec<String>,
}

/// Why an action's outputs cannot be taken.
#[derive(Debug)]
pub enum CollectError {
    /// The action did something wrong.
    Action(Diagnostic),
    /// The machine did not do what was asked.
    Machine(ContentError),
}

/// Collects the outputs of `target` from the open directory `upper`.
pub fn collect(
    target: &Target,
    upper: BorrowedFd<'_>,
    inputs: &InputTree,
    sink: &dyn OutputSink,
) -> Result<Collected, CollectError> {
    let found = walk(upper).map_err(|error| {
        CollectError::Action(Diagnostic::error(format!(
            "cannot take the outputs: {error}"
        )))
    })?;
    refuse_tampering(&found, inputs)?;
    let outputs = || target.outputs.iter().flat_map(|group| &group.outputs);
    let undeclared = undeclared(&found, outputs());
    let missing: Vec<&DeclaredOutput> = outputs()
        .filter(|output| !is_there(output, &found))
        .collect();
    if !missing.is_empty() {
        return Err(CollectError::Action(missing_outputs(
            target,
            &missing,
            &found,
            &undeclared,
        )));
    }
    let collector = Collector {
        upper,
        found: &found,
        sink,
    };
    let groups = target
        .outputs
        .iter()
        .map(|group| Ok((group.name.clone(), collector.group(group)?)))
        .collect::<Result<_, CollectError>>()?;
    Ok(Collected { groups, undeclared })
}

/// Any trace of an input in the upper layer means that it was changed there.
fn refuse_tampering(found: &FoundTree, inputs: &InputTree) -> Result<(), CollectError> {
    for entry in found.entries() {
        let Some(path) = WorkspacePath::from_normalised(&entry.path) else {
            continue;
        };
        let what = match &entry.found {
            Found::Whiteout if inputs.contains(&path) => "deleted or renamed",
            Found::Whiteout | Found::Directory { is_opaque: true }
                if inputs.reaches_below(&entry.path) =>
            {
                "deleted or replaced the directory of"
            }
            Found::Directory { .. } => continue,
            _ if inputs.contains(&path) => "wrote, replaced or changed the mode of",
            _ if inputs.reaches_below(&entry.path) => "replaced the directory of",
            _ => continue,
        };
        let diagnostic = Diagnostic::error(format!("the action {what} its input `{path}`"))
            .hint("inputs are read-only: write to a declared output, or copy the input first");
        return Err(CollectError::Action(diagnostic));
    }
    Ok(())
}

fn is_there(output: &DeclaredOutput, found: &FoundTree) -> bool {
    match (
        found.get(output.path.as_str()).map(|entry| &entry.found),
        output.kind,
    ) {
        (None, _) => false,
        (Some(Found::Directory { .. }), kind) => kind == OutputKind::Directory,
        (Some(_), kind) => kind == OutputKind::File,
    }
}

/// Files outside of all declared outputs.
fn undeclared<'a>(
    found: &FoundTree,
    outputs: impl Iterator<Item = &'a DeclaredOutput>,
) -> Vec<String> {
    let declared: HashMap<&str, OutputKind> = outputs
        .map(|output| (output.path.as_str(), output.kind))
        .collect();
    let is_declared = |path: &str| {
        let mut ancestors = path.match_indices('/').map(|(at, _)| &path[..at]);
        declared.contains_key(path)
            || ancestors.any(|above| declared.get(above) == Some(&OutputKind::Directory))
    };
    found
        .entries()
        .iter()
        .filter(|entry| !matches!(entry.found, Found::Directory { .. } | Found::Whiteout))
        .filter(|entry| !is_declared(&entry.path))
        .map(|entry| entry.path.clone())
        .collect()
}

fn missing_outputs(
    target: &Target,
    missing: &[&DeclaredOutput],
    found: &FoundTree,
    undeclared: &[String],
) -> Diagnostic {
    let package = target.label.package().as_str();
    let shown = |path: &str| {
        let relative = WorkspacePath::from_normalised(path)
            .and_then(|path| path.below(package).map(str::to_owned));
        relative.unwrap_or_else(|| path.to_owned())
    };
    let mut diagnostic = Diagnostic::error(match missing {
        [one] => format!(
            "the action did not make its output `{}`",
            shown(one.path.as_str())
        ),
        several => format!("the action did not make {} of its outputs", several.len()),
    });
    for output in missing.iter().take(NAMED) {
        let instead = found.get(output.path.as_str());
        let path = shown(output.path.as_str());
        diagnostic = match (instead.map(|entry| &entry.found), output.kind) {
            (Some(Found::Directory { .. }), OutputKind::File) => {
                diagnostic.note(format!("`{path}` is a directory; declare it as `{path}/`"))
            }
            (Some(_), OutputKind::Directory) => diagnostic.note(format!(
                "`{path}/` was declared as a directory, but is a file; declare it as `{path}`"
            )),
            _ if missing.len() > 1 => diagnostic.note(format!("missing: `{path}`")),
            _ => diagnostic,
        };
    }
    if !undeclared.is_empty() {
        let mut names: Vec<String> = undeclared
            .iter()
            .take(NAMED)
            .map(|path| format!("`{}`", shown(path)))
            .collect();
        if undeclared.len() > NAMED {
            names.push(format!("{} more", undeclared.len() - NAMED));
        }
        diagnostic = diagnostic.note(format!("it wrote instead: {}", names.join(", ")));
    }
    diagnostic.hint("outputs are relative to the package directory, where the action runs")
}

struct Collector<'a> {
    upper: BorrowedFd<'a>,
    found: &'a FoundTree,
    sink: &'a dyn OutputSink,
}

impl Collector<'_> {
    fn group(&self, group: &OutputGroup) -> Result<Listing, CollectError> {
        let mut entries = Vec::new();
        for output in &group.outputs {
            let top = output.path.as_str();
            let below = match output.kind {
                OutputKind::Directory => self.found.below(top),
                OutputKind::File => &[],
            };
            for found in self.found.get(top).into_iter().chain(below) {
                entries.push(self.entry(found)?);
            }
        }
        check_links(group, &entries)?;
        Listing::new(entries).map_err(|error| {
            CollectError::Action(Diagnostic::error(format!(
                "the outputs are not allowed: {error}"
            )))
        })
    }

    fn entry(&self, found: &FoundEntry) -> Result<(WorkspacePath, Entry), CollectError> {
        let refuse = |what: String| CollectError::Action(Diagnostic::error(what));
        let path = WorkspacePath::from_normalised(&found.path)
            .ok_or_else(|| refuse(format!("the output `{}` has a bad name", found.path)))?;
        let entry = match &found.found {
            Found::File { size, executable } => {
                let file = open_found(self.upper, &found.path).map_err(|error| {
                    CollectError::Machine(FsError::new("open output", &found.path, error).into())
                })?;
                let kept = self.sink.keep(file, *size, *executable);
                let digest = kept.map_err(CollectError::Machine)?;
                Entry::File {
                    digest,
                    executable: *executable,
                }
            }
            Found::Link(text) => match std::str::from_utf8(text) {
                Ok(text) => Entry::Link {
                    target: text.into(),
                },
                Err(_) => {
                    return Err(refuse(format!(
                        "the text of the output link `{path}` is not UTF-8"
                    )));
                }
            },
            Found::Directory { .. } => Entry::Directory,
            Found::Whiteout => return Err(refuse(format!("the output `{path}` is a device"))),
            Found::Other(kind) => {
                let message = format!("the output `{path}` is {kind}");
                let hint = "an output is a file, a directory, or a link inside its group";
                return Err(CollectError::Action(Diagnostic::error(message).hint(hint)));
            }
        };
        Ok((path, entry))
    }
}

/// A link may only lead to something that travels with it.
fn check_links(
    group: &OutputGroup,
    entries: &[(WorkspacePath, Entry)],
) -> Result<(), CollectError> {
    for (path, entry) in entries {
        let Entry::Link { target } = entry else {
            continue;
        };
        let refuse = |reason: String| {
            let message = format!("the output link `{path}` -> `{target}` {reason}");
            let hint = "a link among the outputs is relative and leads to the same output group";
            Err(CollectError::Action(Diagnostic::error(message).hint(hint)))
        };
        let destination = match link_destination(path, target) {
            Ok(destination) => destination,
            Err(error) => return refuse(error.to_string()),
        };
        let inside = group.outputs.iter().any(|output| {
            destination == output.path
                || (output.kind == OutputKind::Directory
                    && destination.below(output.path.as_str()).is_some())
        });
        if !inside {
            return refuse("leads out of its output group".to_owned());
        }
    }
    Ok(())
}
