//! `--events`: one JSON object a line. Fields are only ever added.

use kiln_engine::events::{ActionFinished, Cached, Event, OutputFile, Summary};
use kiln_plugin_abi::Severity;
use serde_json::{Value, json};

use super::RecordFile;
use crate::diagnostics::{Message, Place};
use crate::exit::Exit;

/// Writes events. The last line needs the exit code, so it is written by
/// [`EventsFile::end`].
#[derive(Debug)]
pub struct EventsFile {
    file: RecordFile,
    summary: Option<Summary>,
}

impl EventsFile {
    /// Events go to `file`.
    #[must_use]
    pub fn new(file: RecordFile) -> EventsFile {
        EventsFile {
            file,
            summary: None,
        }
    }

    /// Writes the line of `event`, if it has one.
    pub fn write(&mut self, event: &Event) {
        if let Event::BuildFinished(summary) = event {
            self.summary = Some(*summary);
        }
        if let Some(line) = line(event) {
            self.put(line);
        }
    }

    /// Writes a message of the command itself.
    pub fn write_message(&mut self, message: &Message) {
        self.put(diagnostic(message));
    }

    /// Writes the last line, if a build was finished at all, and says what
    /// went wrong with the file.
    pub fn end(&mut self, exit: Exit, summary: Option<&Summary>) -> Option<String> {
        if let Some(summary) = self.summary.as_ref().or(summary) {
            let line = finished(summary, exit);
            self.put(line);
        }
        self.file.complaint()
    }

    fn put(&mut self, mut line: Value) {
        line["schema"] = json!("kiln.events/1");
        let mut text = line.to_string();
        text.push('\n');
        self.file.write(text.as_bytes());
    }
}

/// The line of an event; what only serves the screen has none.
fn line(event: &Event) -> Option<Value> {
    Some(match event {
        Event::BuildStarted {
            run,
            patterns,
            jobs,
        } => json!({
            "event": "build_started",
            "run": run,
            "patterns": patterns,
            "jobs": jobs,
        }),
        Event::TargetStarted { label } => json!({
            "event": "target_started",
            "label": label.to_string(),
        }),
        Event::ActionStarted { label, key, reason } => json!({
            "event": "action_started",
            "label": label.to_string(),
            "key": key.hex(),
            "reason": reason,
        }),
        Event::ActionFinished(finished) => action_finished(finished),
        Event::TargetFinished { label, outputs } => json!({
            "event": "target_finished",
            "label": label.to_string(),
            "outputs": outputs.iter().map(output).collect::<Vec<_>>(),
        }),
        Event::Diagnostic(diagnostic) => self::diagnostic(&diagnostic.clone().into()),
        Event::TargetsCounted { .. }
        | Event::ActionOutput { .. }
        | Event::Print { .. }
        | Event::BuildFinished(_) => return None,
    })
}

fn action_finished(finished: &ActionFinished) -> Value {
    json!({
        "event": "action_finished",
        "label": finished.label.to_string(),
        "key": finished.key.hex(),
        "cached": match finished.cached {
            Cached::No => "no",
            Cached::Local => "local",
        },
        "exit": finished.exit,
        "wall_ms": finished.usage.wall_ms,
        "user_ms": finished.usage.user_ms,
        "sys_ms": finished.usage.sys_ms,
        "max_rss": finished.usage.max_rss,
    })
}

fn output(output: &OutputFile) -> Value {
    json!({
        "path": output.path,
        "digest": output.digest.hex(),
        "size": output.digest.size(),
    })
}

fn diagnostic(message: &Message) -> Value {
    let place = message.place.as_ref().map(Place::position);
    let (file, line, column) = match place {
        Some((file, line, column)) => (Some(file), Some(line), Some(column)),
        None => (None, None, None),
    };
    json!({
        "event": "diagnostic",
        "level": match message.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "label": message.label.as_ref().map(ToString::to_string),
        "message": message.text,
        "file": file,
        "line": line,
        "column": column,
        "notes": message.notes,
        "hints": message.hints,
    })
}

fn finished(summary: &Summary, exit: Exit) -> Value {
    json!({
        "event": "build_finished",
        "exit": exit.code(),
        "targets": summary.targets(),
        "cached": summary.cached,
        "ran": summary.ran,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "wall_ms": u64::try_from(summary.wall.as_millis()).unwrap_or(u64::MAX),
        "packages_evaluated": summary.counters.packages_evaluated,
        "files_hashed": summary.counters.files_hashed,
        "store_rows_written": summary.counters.store_rows_written,
        "store_bytes_written": summary.counters.store_bytes_written,
        "outputs_written": summary.counters.outputs_written,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiln_engine::events::{Counters, Usage};
    use kiln_plugin_abi::{Diagnostic, Digest, Label, PackagePath};

    use super::*;

    fn label() -> Label {
        Label::parse("//a:b", &PackagePath::root()).unwrap()
    }

    /// The lines that `events` and the end of the build leave in a file.
    fn lines(events: &[Event], exit: Exit) -> Vec<Value> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events");
        let mut file = EventsFile::new(RecordFile::create(&path, "--events").unwrap());
        for event in events {
            file.write(event);
        }
        assert_eq!(file.end(exit, None), None);
        let text = std::fs::read_to_string(path).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_names_the_schema_and_its_event() {
        let events = [
            Event::BuildStarted {
                run: 7,
                patterns: vec!["//...".into()],
                jobs: 2,
            },
            Event::TargetsCounted { total: 1 },
            Event::TargetStarted { label: label() },
            Event::ActionStarted {
                label: label(),
                key: kiln_engine::key::ActionKey([0xab; 32]),
                reason: "new".into(),
            },
            Event::TargetFinished {
                label: label(),
                outputs: vec![OutputFile {
                    path: "a/o".into(),
                    digest: Digest::of(b""),
                }],
            },
            Event::Diagnostic(Diagnostic::warning("careful").on(&label())),
            Event::BuildFinished(Summary::default()),
        ];
        let lines = lines(&events, Exit::Done);
        assert!(lines.iter().all(|line| line["schema"] == "kiln.events/1"));
        let names: Vec<&str> = lines
            .iter()
            .filter_map(|line| line["event"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "build_started",
                "target_started",
                "action_started",
                "target_finished",
                "diagnostic",
                "build_finished"
            ]
        );
        assert_eq!(lines[3]["outputs"][0]["digest"], Digest::of(b"").hex());
        assert_eq!(lines[4]["level"], "warning");
        assert_eq!(lines[4]["label"], "//a:b");
    }

    #[test]
    fn a_finished_action_tells_what_it_took() {
        let finished = ActionFinished {
            label: label(),
            key: kiln_engine::key::ActionKey([0xab; 32]),
            cached: Cached::Local,
            exit: 139,
            usage: Usage {
                wall_ms: 1,
                user_ms: 2,
                sys_ms: 3,
                max_rss: 4,
            },
            started: Duration::ZERO,
            finished: Duration::ZERO,
        };
        let lines = lines(&[Event::ActionFinished(finished)], Exit::Done);
        assert_eq!(
            lines,
            [json!({
                "schema": "kiln.events/1", "event": "action_finished", "label": "//a:b", "key": "ab".repeat(32),
                "cached": "local", "exit": 139, "wall_ms": 1, "user_ms": 2, "sys_ms": 3, "max_rss": 4,
            })]
        );
    }

    #[test]
    fn the_last_line_has_counts_counters_and_the_exit_code() {
        let summary = Summary {
            cached: 1,
            ran: 2,
            failed: 3,
            skipped: 4,
            wall: Duration::from_millis(5),
            counters: Counters {
                packages_evaluated: 6,
                files_hashed: 7,
                store_rows_written: 8,
                store_bytes_written: 9,
                outputs_written: 10,
            },
        };
        let lines = lines(&[Event::BuildFinished(summary)], Exit::Interrupted);
        assert_eq!(
            lines,
            [json!({
                "schema": "kiln.events/1", "event": "build_finished", "exit": 8, "targets": 10,
                "cached": 1, "ran": 2, "failed": 3, "skipped": 4, "wall_ms": 5,
                "packages_evaluated": 6, "files_hashed": 7, "store_rows_written": 8,
                "store_bytes_written": 9, "outputs_written": 10,
            })]
        );
    }
}
