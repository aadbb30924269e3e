//! One action from its inputs to its outputs: stage, run, collect.
//!
//! Knows the sandbox and the store; knows nothing of the graph or of other
//! actions.

mod collect;
mod contents;
mod environment;
mod executor;
mod inputs;
mod job;
mod missing;
mod stage;

pub use collect::{CollectError, Collected, OutputSink, collect};
pub use contents::{
    ContentError, ContentId, Contents, OpenContent, RunAreas, RunSource, changed, open_source,
};
pub use environment::{LISTS, ToolPath};
pub use executor::{ActionError, ActionReport, Ended, Executor, ExecutorSettings, Keep};
pub use inputs::{ResolvedGroup, ResolvedItem};
pub use job::{Job, executables};
pub use stage::{ExtraFile, InputTree, StagedEntry, StagedTree};
