//! A target's inputs with their identities: what its key is made of and what
//! its action is given.

use kiln_plugin_abi::{Digest, GroupName, Label, Role, WorkspacePath};

use crate::artifact::Artifact;
use crate::graph::FileId;
use crate::host::HostTool;
use crate::key::{InputFact, InputGroupFacts};

/// One input.
#[derive(Debug, Clone)]
pub enum ResolvedItem {
    /// A source file.
    File {
        /// Which.
        id: FileId,
        /// Where the action sees it.
        path: WorkspacePath,
        /// Its bytes.
        digest: Digest,
        /// Its exec bit.
        executable: bool,
    },
    /// An output group of another target.
    Artifact {
        /// Whose.
        origin: Label,
        /// What.
        artifact: Artifact,
    },
    /// A program of the host.
    HostTool {
        /// As declared.
        name: String,
        /// What was found.
        tool: HostTool,
    },
}

/// Inputs of one role and name, in their order.
#[derive(Debug, Clone)]
pub struct ResolvedGroup {
    /// What they are for.
    pub role: Role,
    /// The group's name.
    pub name: Option<GroupName>,
    /// The inputs.
    pub items: Vec<ResolvedItem>,
}

impl ResolvedGroup {
    /// The group as it enters the key.
    #[must_use]
    pub fn facts(&self) -> InputGroupFacts<'_> {
        let fact = |item| match item {
            &ResolvedItem::File {
                ref path,
                digest,
                executable,
                ..
            } => InputFact::File {
                path,
                digest,
                executable,
            },
            ResolvedItem::Artifact { origin, artifact } => InputFact::Artifact {
                roots: &artifact.roots,
                digest: artifact.digest,
                origin,
            },
            ResolvedItem::HostTool { tool, .. } => InputFact::HostTool {
                path: &tool.path,
                digest: tool.digest,
            },
        };
        InputGroupFacts {
            role: self.role,
            name: self.name.as_ref(),
            items: self.items.iter().map(fact).collect(),
        }
    }
}
