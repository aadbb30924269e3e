//! The screen of a build: transcript and, where the terminal allows, live view.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kiln_engine::events::Event;

use super::live::Live;
use super::transcript::{ActionLines, Transcript};
use crate::arguments::Verbosity;
use crate::diagnostics::Renderer;
use crate::terminal::{self, Terminal};

/// Shows events on stderr.
#[derive(Debug)]
pub struct Screen {
    transcript: Mutex<Transcript>,
    live: Mutex<Option<Live>>,
}

impl Screen {
    /// A screen on `terminal`.
    #[must_use]
    pub fn open(terminal: Terminal, verbosity: Verbosity, renderer: Renderer) -> Screen {
        let draws = terminal.live && verbosity != Verbosity::Quiet;
        let action_lines = if draws {
            ActionLines::Failed
        } else {
            ActionLines::All
        };
        let transcript = Transcript::new(renderer, verbosity, action_lines, terminal.colour);
        Screen {
            transcript: Mutex::new(transcript),
            live: Mutex::new(draws.then(|| Live::start(terminal.colour))),
        }
    }

    /// Shows what `event` changes.
    pub fn show(&self, event: &Event) {
        let live = lock(&self.live);
        let text = lock(&self.transcript).take(event);
        match &*live {
            Some(live) => live.note(event, text.as_deref()),
            None => terminal::say(text.as_deref().unwrap_or("")),
        }
    }

    /// Erases the live view and writes what comes behind everything.
    pub fn close(&self) {
        drop(lock(&self.live).take());
        if let Some(text) = lock(&self.transcript).end() {
            terminal::say(&text);
        }
    }
}

/// A lock that a panicking holder cannot take away: the state is only shown.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
