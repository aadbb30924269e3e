//! The static graph of a request: targets, files and tools as dense numbers.
//!
//! Nothing here changes once the graph is built; what is waiting, running or
//! done is kept in `schedule::work`. Labels appear only at the edges: in
//! messages and events.

mod builder;
mod order;
mod reference;
mod runtime;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use kiln_plugin_abi::{Action, GroupName, Label, Role, Target, WorkspacePath};

use crate::load::LoadedPackage;

pub use builder::{GraphBuilder, TargetSource};
pub use reference::output_groups;
pub use runtime::closure as runtime_closure;

/// Number of a target within one graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(pub u32);

/// Number of a source file within one graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// Number of a host tool within one graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolId(pub u32);

impl TargetId {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl FileId {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl ToolId {
    /// The number as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A declared target, kept alive by its package or on its own.
#[derive(Debug, Clone)]
pub enum TargetHandle {
    /// At this position of a package.
    InPackage(Arc<LoadedPackage>, usize),
    /// Made for one label with parameters.
    Alone(Arc<Target>),
}

impl std::ops::Deref for TargetHandle {
    type Target = Target;

    fn deref(&self) -> &Target {
        match self {
            TargetHandle::InPackage(package, position) => &package.targets()[*position],
            TargetHandle::Alone(target) => target,
        }
    }
}

/// One input, as numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A source file.
    File(FileId),
    /// An output group of a target, or all of them.
    Output(TargetId, Option<GroupName>),
    /// A program of the host.
    HostTool(ToolId),
}

/// Inputs that the action sees under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemGroup {
    /// What they are for. [`Role::Runtime`] here means: what surrounds the tool
    /// of the same name, not what the target itself needs when it is run.
    pub role: Role,
    /// The group's name.
    pub name: Option<GroupName>,
    /// The inputs in their order.
    pub items: Vec<Item>,
}

/// A target with its edges.
#[derive(Debug)]
pub struct Node {
    /// The declaration.
    pub target: TargetHandle,
    /// What its action reads and runs.
    pub inputs: Vec<ItemGroup>,
    /// What must stand beside its outputs when they are run.
    pub runtime: Vec<Item>,
    /// Targets that must be done before it, each once.
    pub waits_for: Vec<TargetId>,
}

impl Node {
    /// True when a process makes the outputs; such targets are counted, looked
    /// up and stored.
    #[must_use]
    pub fn has_action(&self) -> bool {
        matches!(self.target.action, Action::Execute { .. })
    }

    /// Everything it refers to, also what is needed only to run its outputs.
    pub fn references(&self) -> impl Iterator<Item = &Item> {
        self.inputs
            .iter()
            .flat_map(|group| &group.items)
            .chain(&self.runtime)
    }
}

/// The closure of a request.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    by_label: HashMap<Label, TargetId>,
    files: Vec<WorkspacePath>,
    file_users: Vec<TargetId>,
    tools: Vec<String>,
    dependents: Vec<Vec<TargetId>>,
    order: Vec<TargetId>,
}

impl Graph {
    /// The node of a target.
    #[must_use]
    pub fn node(&self, id: TargetId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The name of a target.
    #[must_use]
    pub fn label(&self, id: TargetId) -> &Label {
        &self.node(id).target.label
    }

    /// The target of a name.
    #[must_use]
    pub fn find(&self, label: &Label) -> Option<TargetId> {
        self.by_label.get(label).copied()
    }

    /// How many targets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True for a graph without targets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All source files, by number.
    #[must_use]
    pub fn files(&self) -> &[WorkspacePath] {
        &self.files
    }

    /// The first target that names a file: whom a message about it blames.
    #[must_use]
    pub fn user_of_file(&self, file: FileId) -> TargetId {
        self.file_users[file.index()]
    }

    /// All host tools, by number.
    #[must_use]
    pub fn tools(&self) -> &[String] {
        &self.tools
    }

    /// Targets that wait for `id`, each once.
    #[must_use]
    pub fn dependents(&self, id: TargetId) -> &[TargetId] {
        &self.dependents[id.index()]
    }

    /// All targets, each behind everything that it waits for.
    #[must_use]
    pub fn order(&self) -> &[TargetId] {
        &self.order
    }
}
