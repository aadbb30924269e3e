//! What a target needs.

use crate::{GroupName, OutputReference, WorkspacePath};

/// What an input is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Read by the action, in the workspace tree.
    Dependency,
    /// Run by the action, below `/kiln/tools`.
    Tool,
    /// Needed beside the outputs whenever they are run.
    Runtime,
}

/// One thing needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum InputReference {
    /// A source file.
    File(WorkspacePath),
    /// All output groups of a target, or one of them.
    Target(OutputReference),
    /// A program of the host, by its bare name. Only as [`Role::Tool`].
    HostTool(String),
}

/// Inputs that the action sees under one name. Their order is the declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputGroup {
    /// What they are for.
    pub role: Role,
    /// `None` is the unnamed group of a plain list. For tools: the tool's name.
    pub name: Option<GroupName>,
    /// The members.
    pub items: Vec<InputReference>,
}
