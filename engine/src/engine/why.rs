//! `kiln why`: why a target ran, or would run.

use std::sync::Arc;

use kiln_plugin_abi::{Action, Label, OutputReference, PackagePath, Pattern, SignedPattern};

use super::Engine;
use super::build::Preparation;
use crate::cancel::CancelToken;
use crate::events::{Event, EventSink};
use crate::failure::{Failure, Outcome};
use crate::graph::{Graph, Item, TargetId};
use crate::history::{How, Memo, MemoEntry, RunRecord, read_last_run};
use crate::key::{ActionKey, Manifest, first_change};
use crate::request::{BuildRequest, Execution, OnFailure, Placement, Reuse, WhyAnswer};
use crate::schedule::Run;
use crate::store::Store;

/// Longest chain of explanations that is followed.
const LONGEST: usize = 100;

/// Hears nothing: used where a run is only imagined.
struct Silence;

impl EventSink for Silence {
    fn emit(&self, _: &Event) {}
}

/// A request that executes nothing.
pub(super) fn look_at(reference: &OutputReference) -> BuildRequest {
    BuildRequest {
        patterns: vec![SignedPattern::Add(Pattern::One(reference.clone()))],
        on_failure: OnFailure::KeepGoing,
        reuse: Reuse::Normal,
        execution: Execution::DryRun,
        placement: Placement::Outputs,
    }
}

impl Engine {
    /// This engine with nobody listening.
    pub(super) fn quiet(&self) -> Engine {
        Engine {
            config: self.config.clone(),
            providers: self.providers.clone(),
            drivers: self.drivers.clone(),
            events: Arc::new(Silence),
        }
    }

    /// Why a target ran the last time, or why it would run now.
    pub async fn why(&self, label: &Label) -> Outcome<WhyAnswer> {
        let quiet = self.quiet();
        let request = look_at(&OutputReference {
            label: label.clone(),
            group: None,
        });
        let prepared = Preparation::new(&quiet, &request, &CancelToken::new())?;
        let (session, store, graph, mut run) = prepared.into_parts();
        run.drive().await;
        let id = graph
            .find(label)
            .ok_or_else(|| Failure::internal(format!("`{label}` is not in its own closure")))?;
        let last = read_last_run(&session.state.state("run"));
        let inquiry = Inquiry {
            store: &store,
            graph: &graph,
            run: &run,
            memo: &session.memo,
            last,
        };
        let answer = inquiry.answer(id);
        // What was learnt about files only saves time.
        let _ = session.save();
        answer
    }
}

struct Inquiry<'i> {
    store: &'i Store,
    graph: &'i Graph,
    run: &'i Run,
    memo: &'i Memo,
    last: RunRecord,
}

impl Inquiry<'_> {
    fn answer(&self, id: TargetId) -> Outcome<WhyAnswer> {
        let label = self.graph.label(id);
        let target = &self.graph.node(id).target;
        if !self.graph.node(id).has_action() {
            let what = match target.action {
                Action::View(_) => "it only shows files of others",
                _ => "its content stands in its declaration",
            };
            return Ok(self.say(
                id,
                format!("{label} has no action of its own: {what}"),
                Vec::new(),
            ));
        }
        if self.run.produced(id).is_none() {
            return self.would_run(id);
        }
        let Some(entry) = self.memo.get(&label.to_string()).copied() else {
            let line = format!("{label} is up to date: the store has its result");
            return Ok(self.say(id, line, Vec::new()));
        };
        Ok(self.up_to_date(id, entry))
    }

    fn up_to_date(&self, id: TargetId, entry: MemoEntry) -> WhyAnswer {
        let label = self.graph.label(id);
        if self.run.key(id) != Some(entry.key) {
            let line = format!(
                "{label} is up to date: the store has a result for its inputs as they are now"
            );
            return self.say(id, line, Vec::new());
        }
        let (reasons, leaf) = self.history(&label.to_string(), entry);
        let run = entry.run;
        let line = match (entry.how, run == self.last.number) {
            (How::Ran, true) => format!("{label} ran in the last run, {run}: {leaf}"),
            (How::Ran, false) => {
                format!("{label} is a hit since run {run}, when it ran: {leaf}")
            }
            (How::Found, true) => {
                format!("{label} was found in the store in the last run, {run}")
            }
            (How::Found | How::Failed, _) => format!("{label} is a hit since run {run}"),
        };
        self.say(id, line, reasons)
    }

    /// Follows a change from a target through the outputs it read, to a leaf.
    fn history(&self, label: &str, entry: MemoEntry) -> (Vec<String>, String) {
        let mut reasons = Vec::new();
        let mut leaf = self.change(entry);
        let mut label = label.to_owned();
        while let Some(origin) = leaf.1.take() {
            reasons.push(format!("{label}: {}", leaf.0));
            let next = self.origin_that_ran(&origin, entry.run);
            let Some((name, entry)) = next.filter(|_| reasons.len() < LONGEST) else {
                break;
            };
            leaf = self.change(entry);
            label = name;
        }
        if !reasons.is_empty() {
            reasons.push(format!("{label}: {}", leaf.0));
        }
        (reasons, leaf.0)
    }

    /// The first change that led to an entry's key, and whose output it is.
    fn change(&self, entry: MemoEntry) -> (String, Option<String>) {
        let Some(previous) = entry.previous else {
            return (
                "it had not been built in this workspace before".to_owned(),
                None,
            );
        };
        let manifest = |key: ActionKey| Manifest::decode(&self.store.manifest(&key)?);
        match (manifest(previous), manifest(entry.key)) {
            (Some(old), Some(new)) => match first_change(&old, &new) {
                Some(change) => (change.line, change.origin),
                None => ("it was asked to run again".to_owned(), None),
            },
            _ => ("what it was before is no longer known".to_owned(), None),
        }
    }

    /// The target itself, or for a group the member, that ran in `run`.
    fn origin_that_ran(&self, origin: &str, run: u64) -> Option<(String, MemoEntry)> {
        let label = Label::parse(origin, &PackagePath::root()).ok()?;
        let mut pending = vec![self.graph.find(&label)?];
        let mut seen = std::collections::HashSet::new();
        while let Some(id) = pending.pop() {
            let node = self.graph.node(id);
            if node.has_action() {
                let name = node.target.label.to_string();
                let entry = self
                    .memo
                    .get(&name)
                    .copied()
                    .filter(|entry| entry.run == run);
                if let Some(entry) = entry {
                    return Some((name, entry));
                }
            } else if seen.insert(id) {
                pending.extend(node.references().filter_map(|item| match item {
                    Item::Output(id, _) => Some(*id),
                    _ => None,
                }));
            }
        }
        None
    }

    /// Follows the dependencies that are not up to date to the first that has a
    /// reason of its own.
    fn would_run(&self, id: TargetId) -> Outcome<WhyAnswer> {
        if let Some(failure) = self.run.failure() {
            return Err(failure);
        }
        let label = self.graph.label(id);
        let mut details = Vec::new();
        let mut at = id;
        loop {
            let name = self.graph.label(at);
            if let Some(reason) = self.run.reason_of(at) {
                if at != id {
                    details.push(format!("{name}: {reason}"));
                }
                let line = format!("{label} would run: {reason}");
                return Ok(self.say(id, line, details));
            }
            let waits_for = self.graph.node(at).waits_for.iter();
            let next = waits_for
                .copied()
                .find(|on| self.run.produced(*on).is_none());
            let Some(next) = next else {
                let message = format!("`{name}` is neither up to date nor waiting");
                return Err(Failure::internal(message));
            };
            if details.len() < LONGEST {
                details.push(format!("{name}: it depends on {}", self.graph.label(next)));
            }
            at = next;
        }
    }

    fn say(&self, id: TargetId, headline: String, details: Vec<String>) -> WhyAnswer {
        WhyAnswer {
            label: self.graph.label(id).clone(),
            headline,
            details,
        }
    }
}
