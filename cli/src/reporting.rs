//! Sends the engine's events to everything that shows or records them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use kiln_engine::events::{Event, EventSink, Summary};
use kiln_plugin_abi::Severity;

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
    /// Errors that were events, which a failure repeats.
    told: Mutex<Vec<Message>>,
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
            told: Mutex::new(Vec::new()),
        })
    }

    /// Ends the live view; what is said from now on stands behind it.
    pub fn close_screen(&self) {
        self.screen.close();
    }

    /// Shows and records an error, without the messages that were events.
    pub fn complain(&self, error: &CommandError) {
        let told = lock(&self.told);
        for message in error
            .messages
            .iter()
            .filter(|message| !told.contains(message))
        {
            terminal::say(&self.renderer.render(message));
            if let Some(events) = &self.events {
                lock(events).write_message(message);
            }
        }
    }

    /// Completes the files; `summary` is that of the engine unless given.
    pub fn end(&self, exit: Exit, summary: Option<&Summary>) {
        let events = self.events.as_ref();
        let events = events.and_then(|file| lock(file).end(exit, summary));
        let profile = self.profile.as_ref().and_then(|file| lock(file).end());
        for complaint in [events, profile].into_iter().flatten() {
            let mut message = Message::error(complaint);
            message.severity = Severity::Warning;
            terminal::say(&self.renderer.render(&message));
        }
    }
}

impl EventSink for Reporting {
    fn emit(&self, event: &Event) {
        self.screen.show(event);
        if let Event::Diagnostic(diagnostic) = event
            && diagnostic.severity == Severity::Error
        {
            lock(&self.told).push(diagnostic.clone().into());
        }
        if let Some(events) = &self.events {
            lock(events).write(event);
        }
        if let Some(profile) = &self.profile {
            lock(profile).note(event);
        }
    }

    fn follows_targets(&self) -> bool {
        self.events.is_some()
    }
}

/// A lock that a panicking holder cannot take away: at worst a line is torn.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use kiln_engine::failure::{Failure, FailureKind};
    use kiln_plugin_abi::Diagnostic;

    use super::*;

    #[test]
    fn a_message_that_was_an_event_is_recorded_once() {
        let directory = tempfile::tempdir().unwrap();
        let records = Records {
            events: Some(directory.path().join("events")),
            profile: None,
        };
        let terminal = Terminal {
            colour: false,
            live: false,
            width: 80,
        };
        let renderer = Renderer::new(false, 80);
        let reporting = Reporting::open(&records, terminal, Verbosity::Quiet, renderer).unwrap();
        let told = Diagnostic::error("told");
        reporting.emit(&Event::Diagnostic(told.clone()));
        let mut failure = Failure::new(FailureKind::Build, told);
        failure.diagnostics.push(Diagnostic::error("new"));
        reporting.complain(&failure.into());
        reporting.end(Exit::Build, Some(&Summary::default()));
        let text = std::fs::read_to_string(directory.path().join("events")).unwrap();
        assert_eq!(text.matches("\"told\"").count(), 1, "{text}");
        assert_eq!(text.matches("\"new\"").count(), 1, "{text}");
        assert!(
            text.lines().last().unwrap().contains("\"exit\":1"),
            "{text}"
        );
    }
}
