//! Which regular file a workspace path means, and why it may mean none.
//!
//! Links are followed as long as they stay in the workspace; the answer then
//! names the file that really holds the bytes, and it is that file which is
//! fingerprinted, read and verified.

use std::path::{Path, PathBuf};

use kiln_plugin_abi::WorkspacePath;

use super::fingerprint::Fingerprint;
use crate::sys::fs::{FsError, canonicalize};
use crate::sys::stat::EntryKind;

/// A source file as an action gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The content and exec bit that are staged under the source's path.
    pub fingerprint: Fingerprint,
    /// The file that holds the bytes, when links lead to it from the source's
    /// path. Read this one: it is what the fingerprint describes.
    pub real_path: Option<WorkspacePath>,
}

/// Why a path cannot be a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Nothing is there.
    #[error("{} does not exist", path.display())]
    Missing {
        /// The path asked for.
        path: PathBuf,
    },
    /// It is neither a regular file nor a link.
    #[error("{} is {}, not a regular file", path.display(), kind.noun())]
    NotRegular {
        /// The path asked for.
        path: PathBuf,
        /// What is there.
        kind: EntryKind,
    },
    /// A link that leads to nothing.
    #[error("{} is a symbolic link to something that does not exist", path.display())]
    Dangling {
        /// The path asked for.
        path: PathBuf,
    },
    /// A link, or a link on the way, leads out of the workspace.
    #[error("{} leads out of the workspace, to {}", path.display(), target.display())]
    Leaves {
        /// The path asked for.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A link leads to something else than a regular file.
    #[error("{} is a symbolic link to {}, not to a regular file", path.display(), kind.noun())]
    LinkToOther {
        /// The path asked for.
        path: PathBuf,
        /// What the link leads to.
        kind: EntryKind,
    },
    /// It was written to while it was hashed.
    #[error("{} changed while it was read", path.display())]
    ChangedWhileRead {
        /// The file that was read.
        path: PathBuf,
    },
    /// Anything else the system answered.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// Follows all links of `path` and answers where the file lies in the workspace
/// whose directory is `root`.
pub(super) fn real_path(root: &Path, path: &Path) -> Result<WorkspacePath, SourceError> {
    let target = canonicalize(path).map_err(|error| {
        if error.is_not_found() {
            SourceError::Dangling {
                path: path.to_owned(),
            }
        } else {
            error.into()
        }
    })?;
    target
        .strip_prefix(canonicalize(root)?)
        .ok()
        .and_then(|below| WorkspacePath::from_normalised(below.to_str()?))
        .ok_or_else(|| SourceError::Leaves {
            path: path.to_owned(),
            target: target.clone(),
        })
}
