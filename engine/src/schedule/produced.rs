//! What a target made, as its consumers see it.

use std::sync::Arc;

use kiln_plugin_abi::{Digest, GroupName};

use crate::artifact::Listing;
use crate::key::Root;

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

/// Where a target's outputs came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// There was no action to run.
    Declared,
    /// Its action ran in this run.
    Ran,
    /// The store had the result.
    Found,
}

/// All output groups of a target.
#[derive(Debug, Clone)]
pub struct Produced {
    /// The groups, in the order of the declaration.
    pub groups: Vec<(Option<GroupName>, Artifact)>,
    /// Where they came from.
    pub origin: Origin,
}

impl Produced {
    /// The artifacts that a reference selects: one group, or all.
    pub fn select<'a>(
        &'a self,
        group: Option<&'a GroupName>,
    ) -> impl Iterator<Item = &'a Artifact> {
        self.groups
            .iter()
            .filter(move |(name, _)| group.is_none() || name.as_ref() == group)
            .map(|(_, artifact)| artifact)
    }
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
