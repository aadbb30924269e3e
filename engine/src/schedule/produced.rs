//! What a target made, as its consumers see it.

use kiln_plugin_abi::GroupName;

use crate::artifact::Artifact;

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
