//! What happens during a request, told as it happens.
//!
//! The engine never prints: whoever made the request receives these events,
//! from several threads, in an order that is consistent for each target.

use std::time::Duration;

use kiln_plugin_abi::{Diagnostic, Digest, Label, PackagePath};

use crate::key::ActionKey;

/// Receives events. Called from several threads; must not block for long.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: &Event);

    /// False when nobody listens to what becomes of each target: then
    /// [`Event::TargetStarted`] and [`Event::TargetFinished`] may be left out.
    fn follows_targets(&self) -> bool {
        true
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A run begins.
    BuildStarted {
        /// Number of the run in this workspace, counting from 1.
        run: u64,
        /// The patterns as typed.
        patterns: Vec<String>,
        /// How many actions may run at once.
        jobs: usize,
    },
    /// The number of targets with an action in the requested closure became
    /// known, or grew.
    TargetsCounted {
        /// The count so far.
        total: u64,
    },
    /// A target's inputs are ready and it is looked up or executed now.
    TargetStarted {
        /// The target.
        label: Label,
    },
    /// An action really runs now.
    ActionStarted {
        /// The target.
        label: Label,
        /// Its key.
        key: ActionKey,
        /// Why it is not up to date, in one line.
        reason: String,
    },
    /// An action ran, or its result was found.
    ActionFinished(ActionFinished),
    /// What an action of a requested target, or a failed one, wrote.
    ActionOutput {
        /// The target.
        label: Label,
        /// Raw bytes of the action's standard error (for a failed action, of
        /// both streams as they came). Not safe for a terminal as they are.
        bytes: Vec<u8>,
        /// Bytes that were dropped in front.
        dropped: u64,
    },
    /// A target is up to date.
    TargetFinished {
        /// The target.
        label: Label,
        /// Its outputs.
        outputs: Vec<OutputFile>,
    },
    /// A message to people.
    Diagnostic(Diagnostic),
    /// A BUILD file's `print()`.
    Print {
        /// Whose BUILD file.
        package: PackagePath,
        /// What it says.
        text: String,
    },
    /// The run is over.
    BuildFinished(Summary),
}

/// Where a result came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cached {
    /// The action ran.
    No,
    /// The local store had the result.
    Local,
}

/// How an action went.
#[derive(Debug, Clone)]
pub struct ActionFinished {
    /// The target.
    pub label: Label,
    /// Its key.
    pub key: ActionKey,
    /// Whether it ran. For a hit, the other fields tell of the run that was stored.
    pub cached: Cached,
    /// Exit code; 128+n on signal n.
    pub exit: i32,
    /// What it took.
    pub usage: Usage,
    /// Since the start of the request; for a hit, both are the time of the look-up.
    pub started: Duration,
    /// Since the start of the request.
    pub finished: Duration,
}

/// What an action took of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Elapsed time in milliseconds.
    pub wall_ms: u64,
    /// Processor time in user mode, in milliseconds.
    pub user_ms: u64,
    /// Processor time in the kernel, in milliseconds.
    pub sys_ms: u64,
    /// Largest resident memory of one process, in bytes.
    pub max_rss: u64,
}

/// One output of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path below the workspace root as consumers see it.
    pub path: String,
    /// Digest of the content; of the listing for a directory.
    pub digest: Digest,
}

/// Counts over the targets with an action in the requested closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Found in a store.
    pub cached: u64,
    /// Executed with success.
    pub ran: u64,
    /// Executed without success, or not executable.
    pub failed: u64,
    /// Not reached, because of failures or an interruption.
    pub skipped: u64,
    /// From start to end.
    pub wall: Duration,
    /// Work done, for tests and benchmarks.
    pub counters: Counters,
}

impl Summary {
    /// How many targets there are in all.
    #[must_use]
    pub fn targets(&self) -> u64 {
        self.cached + self.ran + self.failed + self.skipped
    }
}

/// Operations counted, so that speed can be tested without a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// BUILD files evaluated.
    pub packages_evaluated: u64,
    /// Source files whose bytes were hashed.
    pub files_hashed: u64,
    /// Rows written to the store's database.
    pub store_rows_written: u64,
    /// Bytes of content written to the store.
    pub store_bytes_written: u64,
    /// Output files and links written into the workspace.
    pub outputs_written: u64,
}
