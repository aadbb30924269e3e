//! What has to stand where below the output directory.

use std::collections::BTreeMap;

use kiln_plugin_abi::{Label, WorkspacePath};

use super::place::MaterializeError;
use crate::artifact::Artifact;
use crate::artifact::Entry;

/// An artifact that is wanted in the workspace.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Whose it is, for messages.
    pub label: Label,
    /// Directory below the output directory; see [`output_prefix`].
    pub prefix: String,
    /// What.
    pub artifact: Artifact,
}

impl Wanted {
    /// Where a path of the artifact stands, below the output directory.
    #[must_use]
    pub fn place_of(&self, path: &WorkspacePath) -> String {
        if self.prefix.is_empty() {
            path.to_string()
        } else {
            format!("{}/{path}", self.prefix)
        }
    }
}

/// The directory below the output directory for the outputs of a label: empty,
/// or one of its own when the label has parameters.
#[must_use]
pub fn output_prefix(label: &Label) -> String {
    if label.parameters().is_empty() {
        return String::new();
    }
    let mut escaped = String::from("@");
    for byte in label.parameters().to_string().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'=' | b',' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Every entry of every wanted artifact by its place.
pub(super) type Plan<'w> = BTreeMap<String, (&'w Entry, &'w Wanted)>;

/// Merges what is wanted; two targets may want one place only for equal things.
pub(super) fn plan(wanted: &[Wanted]) -> Result<Plan<'_>, MaterializeError> {
    let mut plan: Plan<'_> = BTreeMap::new();
    for one in wanted {
        for (path, entry) in one.artifact.listing.entries() {
            let path = one.place_of(path);
            match plan.get(&path) {
                Some((there, _)) if *there == entry => {}
                Some((_, other)) => {
                    return Err(MaterializeError::Conflict {
                        path,
                        first: other.label.clone(),
                        second: one.label.clone(),
                    });
                }
                None => {
                    plan.insert(path, (entry, one));
                }
            }
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::PackagePath;

    use super::*;

    #[test]
    fn labels_with_parameters_have_a_directory_of_their_own() {
        let prefix = |text: &str| output_prefix(&Label::parse(text, &PackagePath::root()).unwrap());
        assert_eq!(prefix("//a:b"), "");
        assert_eq!(prefix("@fs:file@path=src/a.c"), "@path=src%2Fa.c");
        assert_ne!(prefix("//a:b@k=\"x%2F\""), prefix("//a:b@k=x/"));
    }
}
