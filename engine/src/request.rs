//! What can be asked of the engine, and what it answers: data only.

use std::collections::BTreeMap;
use std::path::PathBuf;

use kiln_plugin_abi::{GroupName, Label, SignedPattern};

use crate::events::Summary;
use crate::failure::Failure;
use crate::store::Limits;

pub use crate::store::Verify;

/// Everything the engine is told at the start. Paths are absolute.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The workspace root.
    pub workspace: PathBuf,
    /// The root of the user's store.
    pub store: PathBuf,
    /// How many actions may run at once; at least 1.
    pub jobs: usize,
    /// Names of BUILD files; the first present in a directory wins.
    pub build_files: Vec<String>,
    /// Names of directories never entered.
    pub ignore: Vec<String>,
    /// The caller's environment, of which actions see what they declare.
    pub environment: BTreeMap<String, String>,
    /// `[sandbox]`.
    pub sandbox: SandboxSettings,
    /// `[cache]`.
    pub cache: CacheSettings,
}

/// The `[sandbox]` table of the configuration.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// `None` is "auto": the identity is taken from the host.
    pub base_id: Option<String>,
    /// Further host paths that actions see read-only, absolute.
    pub host_paths: Vec<PathBuf>,
    /// Largest size of an action's private memory file system, in bytes.
    pub tmpfs_bytes: u64,
    /// What happens to files that an action leaves outside of its outputs.
    pub undeclared_outputs: UndeclaredOutputs,
}

/// What happens to files that an action leaves outside of its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndeclaredOutputs {
    /// They are discarded.
    Allow,
    /// They fail the action.
    Error,
}

/// The `[cache]` table of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct CacheSettings {
    /// Limit of the store in bytes.
    pub max_size: u64,
    /// Results not used for longer are dropped.
    pub max_age: std::time::Duration,
    /// How stored files are checked at use.
    pub verify: Verify,
}

impl CacheSettings {
    /// The limits as the store counts them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let hours = self.max_age.as_secs().div_ceil(3600);
        Limits {
            max_size: self.max_size,
            max_age: hours.try_into().unwrap_or(u32::MAX),
        }
    }
}

/// A wish to bring targets up to date.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// What to build; not empty.
    pub patterns: Vec<SignedPattern>,
    /// Go on with what does not depend on a failure.
    pub on_failure: OnFailure,
    /// How results of earlier runs are used.
    pub reuse: Reuse,
    /// Whether anything is executed at all.
    pub execution: Execution,
    /// What is put into the workspace.
    pub placement: Placement,
}

/// What is put into the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// The outputs of the named targets.
    Outputs,
    /// Also what they need beside them to be run.
    WithRuntime,
}

/// What happens after the first failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Start nothing new.
    Stop,
    /// Go on with what does not depend on it.
    KeepGoing,
}

/// How results of earlier runs are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Look up and store.
    Normal,
    /// Run the named targets again, and store.
    ForceNamed,
    /// Neither look up nor store.
    Nothing,
}

/// Whether actions are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// As needed.
    Run,
    /// Only said what would run; nothing is executed, written or stored.
    DryRun,
}

/// How a build went.
#[derive(Debug, Clone)]
pub struct BuildReport {
    /// The counts.
    pub summary: Summary,
    /// The named targets that are up to date, in the order of their labels.
    pub built: Vec<BuiltTarget>,
    /// With [`Execution::DryRun`]: what would run, with the reason.
    pub would_run: Vec<(Label, String)>,
    /// `None` when everything asked for is up to date. All its messages were
    /// emitted as events already.
    pub failure: Option<Failure>,
}

/// A named target that is up to date.
#[derive(Debug, Clone)]
pub struct BuiltTarget {
    /// The target.
    pub label: Label,
    /// Its outputs, each where it stands now, absolute; in the declared order.
    pub outputs: Vec<PathBuf>,
    /// Those of them that are executable regular files.
    pub executables: Vec<PathBuf>,
}

/// Why a target ran or would run.
#[derive(Debug, Clone)]
pub struct WhyAnswer {
    /// The target.
    pub label: Label,
    /// One line: what was found.
    pub headline: String,
    /// The chain from the target to the first changed leaf, one line each.
    pub details: Vec<String>,
}

/// Everything known of a target.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The target.
    pub label: Label,
    /// The same facts as people and as programs read them, in one structure.
    pub facts: serde_json::Value,
}

/// One line of `kiln ls`.
#[derive(Debug, Clone)]
pub struct OutputEntry {
    /// The group it belongs to.
    pub group: Option<GroupName>,
    /// Path below the workspace root as consumers see it.
    pub path: String,
    /// What it is.
    pub kind: OutputEntryKind,
}

/// What an entry of an output tree is.
#[derive(Debug, Clone)]
pub enum OutputEntryKind {
    /// A regular file.
    File {
        /// Its bytes.
        digest: kiln_plugin_abi::Digest,
        /// Its exec bit.
        executable: bool,
    },
    /// A link with its text.
    Link(String),
    /// An empty directory.
    Directory,
}
