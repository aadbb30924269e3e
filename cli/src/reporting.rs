//! Sends the engine's events to everything that shows or records them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kiln_engine::events::{Event, EventSink};

use crate::arguments::{Records, Verbosity};
use crate::diagnostics::{Message, Renderer};
use crate::exit::{CommandError, Exit};
use crate::records::{EventsFile, Profile, RecordFile};
use crate::terminal::{self, Terminal};
use crate::ui::Screen;

/// Everything that follows a build.
#[derive(Debug)]
pub struct Reporting {
    screen: Screen,
    events: Option<Mutex<EventsFile>>,
    profile: Option<Mutex<Profile>>,
    renderer: Renderer,
}

impl Reporting {
    /// Opens the files and the screen.
    ///
    /// # Errors
    /// Exit 36 when a file cannot be created.
    pub fn open(
        records: &Records,
        terminal: Terminal,
        verbosity: Verbosity,
        renderer: Renderer,
    ) -> Result<Reporting, CommandError> {
        let create = |path: &Option<std::path::PathBuf>, flag| match path {
            Some(path) => RecordFile::create(path, flag).map(Some),
            None => Ok(None),
        };
        let events = create(&records.events, "--events")?;
        let profile = create(&records.profile, "--profile")?;
        Ok(Reporting {
            screen: Screen::open(terminal, verbosity, renderer.clone()),
            events: events.map(|file| Mutex::new(EventsFile::new(file))),
            profile: profile.map(|file| Mutex::new(Profile::new(file))),
            renderer,
        })
    }

    /// Ends the live view; what is said from now on stands behind it.
    pub fn close_screen(&self) {
        self.screen.close();
    }

    /// Shows an error of the command itself, and records it.
    pub fn complain(&self, error: &CommandError) {
        for message in &error.messages {
            terminal::say(&self.renderer.render(message));
        }
    }

    /// Completes the files.
    pub fn end(&self, exit: Exit) {
        let events = self.events.as_ref().and_then(|file| lock(file).end(exit));
        let profile = self.profile.as_ref().and_then(|file| lock(file).end());
        for complaint in [events, profile].into_iter().flatten() {
            let mut message = Message::error(complaint);
            message.severity = kiln_plugin_abi::Severity::Warning;
            terminal::say(&self.renderer.render(&message));
        }
    }
}

impl EventSink for Reporting {
    fn emit(&self, event: &Event) {
        self.screen.show(event);
        if let Some(events) = &self.events {
            lock(events).write(event);
        }
        if let Some(profile) = &self.profile {
            lock(profile).note(event);
        }
    }
}

/// A lock that a panicking holder cannot take away: at worst a line is torn.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
