//! A target with all its attributes understood.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{InputGroup, Label, OutputGroup, SourceSpan, Value, View};

/// The driver that made a target, and which version of its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DriverId {
    /// The name written in BUILD files.
    pub name: String,
    /// Raised whenever the same target would be executed differently.
    pub version: u32,
}

/// How strictly an action is isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SandboxMode {
    /// Declared inputs, and the host's `/usr` read-only.
    Host,
}

/// What an action takes of the machine while it runs; never part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Job slots taken; 0 means the default of one.
    pub cpu: u32,
    /// Bytes of memory set aside; 0 means nothing is known.
    pub memory: u64,
}

/// A file whose contents stand in the declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineFile {
    /// The contents.
    pub content: Vec<u8>,
    /// The exec bit.
    pub executable: bool,
}

/// How a target's outputs come about.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A process, whose command line the driver makes of `payload` and the
    /// inputs' paths. The payload enters the key as it is.
    Execute {
        /// What the driver needs to know, for instance the script.
        payload: Value,
    },
    /// One file with the given contents at the one declared output.
    Inline(InlineFile),
    /// The inputs, selected and renamed; no byte is copied.
    View(View),
}

/// What a target means: everything the engine has to know about it, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The target's name.
    pub label: Label,
    /// Who understands it.
    pub driver: DriverId,
    /// Where it is declared.
    pub span: Option<SourceSpan>,
    /// What it needs; groups sorted by role and name.
    pub inputs: Vec<InputGroup>,
    /// What it makes; sorted by name. Empty for views, whose outputs follow
    /// from their inputs.
    pub outputs: Vec<OutputGroup>,
    /// How.
    pub action: Action,
    /// Variables with their values.
    pub environment: BTreeMap<String, String>,
    /// Variables taken from the caller.
    pub pass_environment: BTreeSet<String>,
    /// Words to select targets by; not part of the key.
    pub labels: BTreeSet<String>,
    /// Longest run time; `None` is without limit. Not part of the key.
    pub timeout: Option<Duration>,
    /// True when the action may use the network.
    pub network: bool,
    /// False when results are neither looked up nor stored.
    pub cache: bool,
    /// What it takes of the machine.
    pub resources: Resources,
    /// How it is isolated; `None` follows the configuration.
    pub sandbox: Option<SandboxMode>,
}
