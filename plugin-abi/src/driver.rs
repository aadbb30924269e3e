//! What gives declared attributes their meaning.

use async_trait::async_trait;

use crate::{Diagnostic, DriverId, GroupName, Target, TargetSpec};

/// Input paths of one group, as the action sees them from its working
/// directory, in their order. A directory is one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPaths {
    /// The group; `None` is the unnamed one.
    pub name: Option<GroupName>,
    /// Relative paths.
    pub paths: Vec<String>,
}

/// What a driver may know of an action's inputs when it makes the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputPaths {
    /// Dependencies by group, sorted by name.
    pub groups: Vec<NamedPaths>,
    /// Every dependency once, in order: the words of `$SRCS`.
    pub all: Vec<String>,
    /// Variables of the environment that would hold paths but are unset,
    /// each with the reason.
    pub unset: Vec<(String, String)>,
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments. A program without `/` is searched on the
    /// action's `$PATH`.
    pub argv: Vec<String>,
}

/// Understands the targets of one kind. Implementations hold no state of a
/// build: the same spec always gives the same target.
#[async_trait]
pub trait Driver: Send + Sync {
    /// The driver's name and version.
    fn id(&self) -> DriverId;

    /// Turns specs into targets; one answer for each spec, in their order.
    async fn parse(&self, specs: &[TargetSpec]) -> Vec<Result<Target, Diagnostic>>;

    /// Makes the command of a target whose action is to execute. Called only
    /// when the target really runs; depends on nothing but its arguments.
    async fn command(&self, target: &Target, inputs: &InputPaths) -> Result<Command, Diagnostic>;
}
