//! What the store has to tell people, each thing once.

use std::sync::{Mutex, PoisonError};

use kiln_plugin_abi::Diagnostic;

/// Warnings that nobody has seen yet.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Diagnostic>,
    told: Vec<Topic>,
}

/// What a warning is about; there is one of each at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Place,
    Journal,
    Damage,
    Reading,
    Writing,
}

impl Warnings {
    /// Adds a warning, unless there was one about the same.
    pub(super) fn add(&self, topic: Topic, warning: impl FnOnce() -> Diagnostic) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.told.contains(&topic) {
            state.told.push(topic);
            let warning = warning();
            state.waiting.push(warning);
        }
    }

    /// Hands out what has come since the last call.
    pub(super) fn take(&self) -> Vec<Diagnostic> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.waiting)
    }
}
