//! Small answers of the engine.

use std::collections::BTreeMap;

use kiln_plugin_abi::Label;

/// What a query found.
#[derive(Debug, Clone)]
pub struct QueryAnswer {
    /// The targets, sorted.
    pub labels: Vec<Label>,
    /// Direct dependencies among them, sorted; the first needs the second.
    pub edges: Vec<(Label, Label)>,
    /// Facts about each of them.
    pub facts: BTreeMap<Label, serde_json::Value>,
}

/// What `clean` removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CleanReport {
    /// Files and links.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What `gc` removed and left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Results of actions.
    pub removed_results: u64,
    /// Bytes of contents.
    pub removed_bytes: u64,
    /// Bytes that are left.
    pub kept_bytes: u64,
}

/// One thing that `doctor` looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorFinding {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub state: DoctorState,
    /// More about it, in one line.
    pub detail: String,
    /// What to do about it.
    pub cure: Option<String>,
}

/// How something that `doctor` looked at is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoctorState {
    /// As it should be.
    Good,
    /// Kiln works, but not as well as it could.
    Degraded,
    /// Kiln does not work without it.
    Missing,
}
