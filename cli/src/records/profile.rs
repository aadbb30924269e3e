//! `--profile`: a trace in the Chrome format, one lane for each job slot.

use std::collections::HashMap;
use std::time::Duration;

use kiln_engine::events::{ActionFinished, Cached, Event};
use kiln_plugin_abi::Label;
use serde_json::{Value, json};

use super::RecordFile;

/// Collects the trace and writes it at the end.
#[derive(Debug)]
pub struct Profile {
    file: RecordFile,
    trace: Vec<Value>,
    /// Whose action occupies each lane.
    lanes: Vec<Option<Label>>,
    reasons: HashMap<Label, String>,
}

impl Profile {
    /// The trace goes to `file`.
    #[must_use]
    pub fn new(file: RecordFile) -> Profile {
        Profile {
            file,
            trace: Vec::new(),
            lanes: Vec::new(),
            reasons: HashMap::new(),
        }
    }

    /// Takes note of `event`.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::ActionStarted { label, reason, .. } => {
                self.occupy(label);
                self.reasons.insert(label.clone(), reason.clone());
            }
            Event::ActionFinished(finished) => match finished.cached {
                Cached::No => self.executed(finished),
                Cached::Local => self.trace.push(hit(finished)),
            },
            _ => {}
        }
    }

    /// Writes the file, and says what went wrong with it.
    pub fn end(&mut self) -> Option<String> {
        let names = (0..self.lanes.len()).map(|lane| {
            json!({
                "name": "thread_name", "ph": "M", "pid": 1, "tid": lane + 1,
                "args": { "name": format!("job {}", lane + 1) },
            })
        });
        let trace: Vec<Value> = names.chain(std::mem::take(&mut self.trace)).collect();
        let text = json!({ "displayTimeUnit": "ms", "traceEvents": trace }).to_string();
        self.file.write(text.as_bytes());
        self.file.complaint()
    }

    /// Puts `label` into the first free lane.
    fn occupy(&mut self, label: &Label) {
        match self.lanes.iter_mut().find(|lane| lane.is_none()) {
            Some(lane) => *lane = Some(label.clone()),
            None => self.lanes.push(Some(label.clone())),
        }
    }

    fn executed(&mut self, finished: &ActionFinished) {
        let label = &finished.label;
        let lane = self
            .lanes
            .iter()
            .position(|lane| lane.as_ref() == Some(label));
        if let Some(lane) = lane {
            self.lanes[lane] = None;
        }
        let span = finished.finished.saturating_sub(finished.started);
        self.trace.push(json!({
            "name": label.to_string(),
            "cat": "action",
            "ph": "X",
            "ts": microseconds(finished.started),
            "dur": microseconds(span),
            "pid": 1,
            "tid": lane.map_or(0, |lane| lane + 1),
            "args": {
                "key": finished.key.hex(),
                "exit": finished.exit,
                "reason": self.reasons.remove(label),
                "user_ms": finished.usage.user_ms,
                "sys_ms": finished.usage.sys_ms,
                "max_rss": finished.usage.max_rss,
            },
        }));
    }
}

fn hit(finished: &ActionFinished) -> Value {
    json!({
        "name": finished.label.to_string(),
        "cat": "hit",
        "ph": "i",
        "s": "p",
        "ts": microseconds(finished.finished),
        "pid": 1,
        "tid": 0,
        "args": { "key": finished.key.hex() },
    })
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use kiln_engine::events::Usage;
    use kiln_plugin_abi::PackagePath;

    use super::*;

    fn label(text: &str) -> Label {
        Label::parse(text, &PackagePath::root()).unwrap()
    }

    fn start(name: &str) -> Event {
        Event::ActionStarted {
            label: label(name),
            key: kiln_engine::key::ActionKey([0xab; 32]),
            reason: "new".into(),
        }
    }

    fn finish(name: &str, cached: Cached, from: u64, to: u64) -> Event {
        Event::ActionFinished(ActionFinished {
            label: label(name),
            key: kiln_engine::key::ActionKey([0xab; 32]),
            cached,
            exit: 0,
            usage: Usage::default(),
            started: Duration::from_millis(from),
            finished: Duration::from_millis(to),
        })
    }

    #[test]
    fn actions_that_overlap_have_lanes_of_their_own_and_lanes_are_used_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("trace.json");
        let mut profile = Profile::new(RecordFile::create(&path, "--profile").unwrap());
        for event in [
            start("//a"),
            start("//b"),
            finish("//a", Cached::No, 0, 5),
            start("//c"),
            finish("//b", Cached::No, 1, 6),
            finish("//c", Cached::No, 5, 7),
            finish("//d", Cached::Local, 7, 7),
        ] {
            profile.note(&event);
        }
        assert_eq!(profile.end(), None);
        let trace: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let shown: Vec<String> = trace["traceEvents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let field = |name: &str| entry[name].to_string().replace('"', "");
                [
                    field("ph"),
                    field("name"),
                    field("tid"),
                    field("ts"),
                    field("dur"),
                ]
                .join(" ")
            })
            .collect();
        assert_eq!(
            shown,
            [
                "M thread_name 1 null null",
                "M thread_name 2 null null",
                "X //a:a 1 0 5000",
                "X //b:b 2 1000 5000",
                "X //c:c 1 5000 2000",
                "i //d:d 0 7000 null",
            ]
        );
    }
}
