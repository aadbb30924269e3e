//! One output group as its consumers see it.

use std::sync::Arc;

use kiln_plugin_abi::{Digest, OutputKind, WorkspacePath};

use super::listing::Listing;

/// A path that an output group was declared with, or a file that a view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Where consumers see it.
    pub path: WorkspacePath,
    /// What it is.
    pub kind: OutputKind,
}

/// One output group.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The declared paths, or for a view the files, in their order.
    pub roots: Arc<[Root]>,
    /// Everything below them.
    pub listing: Arc<Listing>,
    /// Identity of `listing`.
    pub digest: Digest,
}

impl Artifact {
    /// An output group with its identity.
    #[must_use]
    pub fn new(roots: Arc<[Root]>, listing: Listing) -> Artifact {
        Artifact {
            digest: listing.digest(),
            roots,
            listing: Arc::new(listing),
        }
    }
}
