//! What a target declares to produce.

use crate::{GroupName, WorkspacePath};

/// What must stand at a declared output's path afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutputKind {
    /// A regular file or a link to one inside the group.
    File,
    /// A directory, empty before the action, kept with all it holds.
    Directory,
}

/// One declared output.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclaredOutput {
    /// Where, below the workspace root; always inside the target's package.
    pub path: WorkspacePath,
    /// What.
    pub kind: OutputKind,
}

/// A named set of outputs that consumers select together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputGroup {
    /// The group's name; `None` is the unnamed group of a plain list.
    pub name: Option<GroupName>,
    /// Its members in the order of declaration.
    pub outputs: Vec<DeclaredOutput>,
}
