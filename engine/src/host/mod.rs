//! What actions see of the host in `host` mode, and its identity for keys.
//!
//! Knows files and digests; knows nothing of how a sandbox shows them.

mod base;
mod tools;

pub use base::{FIXED_ENVIRONMENT, HostBase};
pub use tools::{HostTool, ToolError, find_tool};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiln_plugin_abi::{Digest, WorkspacePath};

use crate::content::FingerprintCache;
use crate::failure::{Failure, Outcome};

/// Host files by absolute path, with their fingerprints remembered between runs.
#[derive(Debug, Clone)]
pub struct HostFiles {
    cache: Arc<FingerprintCache>,
}

impl HostFiles {
    /// Files whose fingerprints are remembered in `cache`, which is used for
    /// nothing else.
    #[must_use]
    pub fn new(cache: Arc<FingerprintCache>) -> HostFiles {
        HostFiles { cache }
    }

    /// Keeps what was learnt for the next run.
    pub fn save(&self) -> Result<(), crate::sys::fs::FsError> {
        self.cache.save()
    }

    /// The digest of a file's bytes, links followed; `None` when there is no
    /// such regular file.
    pub fn digest(&self, path: &Path) -> Outcome<Option<Digest>> {
        let digests = self.digests(std::slice::from_ref(&path.to_path_buf()))?;
        Ok(digests.into_iter().flatten().next())
    }

    /// The digests of several files; see [`HostFiles::digest`].
    pub fn digests(&self, paths: &[PathBuf]) -> Outcome<Vec<Option<Digest>>> {
        let mut below_root = Vec::with_capacity(paths.len());
        for path in paths {
            let text = path.to_str().and_then(|text| text.strip_prefix('/'));
            let normalised = text.and_then(WorkspacePath::from_normalised);
            below_root.push(normalised.ok_or_else(|| {
                let shown = path.display();
                Failure::environment(&format!("`{shown}` is no plain absolute path in UTF-8"))
            })?);
        }
        let sources = self.cache.fingerprints(Path::new("/"), &below_root)?;
        let digest = |source: Result<crate::content::Source, _>| {
            source.ok().map(|source| source.fingerprint.digest)
        };
        Ok(sources.into_iter().map(digest).collect())
    }
}
