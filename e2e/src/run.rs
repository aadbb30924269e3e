//! How an invocation ended, with assertions that show all of it when they fail.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Event, Summary};

/// A finished invocation.
#[derive(Debug)]
pub struct Run {
    line: String,
    code: i32,
    stdout: String,
    stderr: String,
    events: Vec<Event>,
}

impl Run {
    #[track_caller]
    pub(crate) fn new(
        line: String,
        code: i32,
        stdout: String,
        stderr: String,
        events: Vec<Event>,
    ) -> Self {
        let run = Self {
            line,
            code,
            stdout,
            stderr,
            events,
        };
        for crash in [
            "panicked at",
            "has overflowed its stack",
            "memory allocation of",
        ] {
            run.check(!run.stderr.contains(crash), "the engine crashed");
        }
        run.check(run.code != 37, "the engine reported an error of its own");
        run
    }

    /// The exit code; 128+n after a signal.
    pub fn code(&self) -> i32 {
        self.code
    }

    /// What it wrote to stdout.
    pub fn stdout(&self) -> &str {
        &self.stdout
    }

    /// What it wrote to stderr.
    pub fn stderr(&self) -> &str {
        &self.stderr
    }

    /// The events, of `run` and `build` only.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The event `name` of the target `label`.
    #[track_caller]
    pub fn event(&self, name: &str, label: &str) -> &Event {
        let found = self.events.iter().find(|event| event.is(name, label));
        found.unwrap_or_else(|| panic!("no {name} of {label}{}", self.report()))
    }

    /// stdout as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("stdout is not one JSON value: {error}{}", self.report())
        })
    }

    /// The targets whose action really ran.
    pub fn executed(&self) -> BTreeSet<&str> {
        let started = self
            .events
            .iter()
            .filter(|event| event.name() == "action_started");
        started.map(Event::label).collect()
    }

    /// The last line of stderr, which must be the summary and must add up.
    #[track_caller]
    pub fn summary(&self) -> Summary {
        let last = self.stderr.lines().last().unwrap_or_default();
        let summary = Summary::parse(last);
        let summary = summary
            .unwrap_or_else(|| panic!("the last line of stderr is no summary{}", self.report()));
        self.check(summary.adds_up(), "the summary does not add up");
        summary
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub fn success(self) -> Self {
        self.exits(0)
    }

    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        self.check(self.code == code, &format!("expected exit code {code}"));
        self
    }

    /// Asserts the set of targets whose action ran; nothing else ran, nothing ran twice.
    #[track_caller]
    pub fn ran<S: AsRef<str>>(self, labels: impl IntoIterator<Item = S>) -> Self {
        let mut expected: Vec<String> = labels
            .into_iter()
            .map(|label| label.as_ref().to_owned())
            .collect();
        expected.sort();
        let started = self
            .events
            .iter()
            .filter(|event| event.name() == "action_started");
        let mut actual: Vec<&str> = started.map(Event::label).collect();
        actual.sort_unstable();
        self.check(
            actual == expected,
            &format!("expected to run {expected:?}, but it ran {actual:?}"),
        );
        self
    }

    /// Asserts that no action ran.
    #[track_caller]
    pub fn ran_nothing(self) -> Self {
        self.ran::<&str>([])
    }

    /// Asserts the whole of stdout.
    #[track_caller]
    pub fn prints(self, stdout: &str) -> Self {
        self.check(
            self.stdout == stdout,
            &format!("expected on stdout: {stdout:?}"),
        );
        self
    }

    /// Asserts that stderr contains every one of these texts.
    #[track_caller]
    pub fn complains<S: AsRef<str>>(self, texts: impl IntoIterator<Item = S>) -> Self {
        for text in texts {
            let text = text.as_ref();
            self.check(
                self.stderr.contains(text),
                &format!("expected on stderr: {text:?}"),
            );
        }
        self
    }

    /// Asserts that neither stdout nor stderr nor any event contains this text.
    #[track_caller]
    pub fn never_mentions(self, text: &str) -> Self {
        let events = self
            .events
            .iter()
            .any(|event| format!("{event:?}").contains(text));
        let seen = self.stdout.contains(text) || self.stderr.contains(text) || events;
        self.check(!seen, &format!("{text:?} must not appear anywhere"));
        self
    }

    /// Everything there is to see, for the message of a failed assertion.
    pub fn report(&self) -> String {
        format!(
            "\n$ {}\n--- exit {}; stdout:\n{}\n--- stderr:\n{}",
            self.line, self.code, self.stdout, self.stderr
        )
    }

    #[track_caller]
    fn check(&self, holds: bool, message: &str) {
        assert!(holds, "{message}{}", self.report());
    }
}
