//! The `--events` file: one JSON object a line.

use std::path::Path;

use serde_json::Value;

/// One line of the file.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// What happened: the field `event`.
    pub fn name(&self) -> &str {
        self.0["event"].as_str().unwrap_or_default()
    }

    /// The target's label; empty where the event has none.
    pub fn label(&self) -> &str {
        self.0["label"].as_str().unwrap_or_default()
    }

    /// Any field; `null` when absent.
    pub fn field(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// Whether this event is `name` for the target `label`.
    pub fn is(&self, name: &str, label: &str) -> bool {
        self.name() == name && self.label() == label
    }
}

/// The complete lines written so far; none while the file does not exist.
///
/// # Panics
/// When a complete line is not a JSON object.
pub fn read_events(path: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| match serde_json::from_str(line) {
            Ok(value @ Value::Object(_)) => Event(value),
            _ => panic!("no JSON object in the events file: {line}"),
        })
        .collect()
}
