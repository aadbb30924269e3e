//! The loop that brings a graph up to date.
//!
//! One thread drives it: it computes keys, asks the store and hands out work.
//! Staging, hashing and processes happen elsewhere and report back over a
//! channel.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use kiln_plugin_abi::{Diagnostic, Driver};
use rayon::prelude::*;
use tokio::sync::mpsc;

use super::claim::Release;
use super::examine::World;
use super::explain::Explanation;
use super::launch::Completion;
use super::lookup::Lookup;
use super::produced::{Origin, Produced};
use super::queue::{Candidate, Queue};
use super::resolve::{Resolved, Resolver, produced_by_action};
use super::work::{State, Work};
use crate::cancel::CancelToken;
use crate::events::{ActionFinished, Cached, Event, EventSink};
use crate::execute::{Contents, Executor};
use crate::failure::FailureKind;
use crate::graph::{Graph, TargetId};
use crate::history::{How, Memo};
use crate::key::ActionKey;
use crate::request::{EngineConfig, Execution, OnFailure, Reuse};
use crate::store::{ActionResult, Store};
use crate::sys::clock;

/// Fewest targets that are worth resolving on several threads.
const PARALLEL: usize = 32;

/// What a run works with.
#[derive(Clone)]
pub struct RunContext {
    /// What the engine was told at the start.
    pub config: Arc<EngineConfig>,
    /// The local store.
    pub store: Arc<Store>,
    /// Make commands of targets.
    pub drivers: Vec<Arc<dyn Driver>>,
    /// Told of everything.
    pub events: Arc<dyn EventSink>,
    /// Stops the run.
    pub cancel: CancelToken,
    /// When the request began.
    pub began: Instant,
    /// Where the logs of failed actions are kept.
    pub logs: PathBuf,
    /// A directory of the workspace for temporary files.
    pub temporary: PathBuf,
}

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The run's number in this workspace.
    pub number: u64,
    /// The targets asked for.
    pub roots: Vec<TargetId>,
    /// What happens after a failure.
    pub on_failure: OnFailure,
    /// How earlier results are used.
    pub reuse: Reuse,
    /// Whether anything is executed.
    pub execution: Execution,
}

/// One request being fulfilled.
pub struct Run {
    pub(super) context: RunContext,
    pub(super) request: RunRequest,
    pub(super) graph: Arc<Graph>,
    pub(super) world: Arc<World>,
    pub(super) memo: Memo,
    pub(super) work: Work,
    pub(super) lookup: Lookup,
    pub(super) queue: Queue,
    pub(super) contents: Arc<Contents>,
    pub(super) executor: Option<Arc<Executor>>,
    pub(super) tally: Tally,
    pub(super) healed: HashSet<TargetId>,
    pub(super) keys: HashMap<TargetId, ActionKey>,
    pub(super) reasons: HashMap<TargetId, String>,
    pub(super) stopping: bool,
    pub(super) named: HashSet<TargetId>,
    pub(super) own_scratch: Option<tempfile::TempDir>,
    pub(super) release: Option<Release>,
    pub(super) in_flight: usize,
    pub(super) sender: mpsc::UnboundedSender<Completion>,
    receiver: mpsc::UnboundedReceiver<Completion>,
}

/// What became of the targets with an action.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub found: HashSet<TargetId>,
    pub ran: HashSet<TargetId>,
    pub failed: HashSet<TargetId>,
    pub failures: Vec<(FailureKind, Diagnostic)>,
}

impl Run {
    /// A run in which nothing happened yet.
    #[must_use]
    pub fn new(
        context: RunContext,
        request: RunRequest,
        graph: Arc<Graph>,
        world: Arc<World>,
        memo: Memo,
    ) -> Run {
        let (sender, receiver) = mpsc::unbounded_channel();
        let lookup = match request.reuse {
            Reuse::Nothing => Lookup::predict(context.store.clone(), &Graph::default(), &memo),
            Reuse::Normal | Reuse::ForceNamed => {
                Lookup::predict(context.store.clone(), &graph, &memo)
            }
        };
        Run {
            work: Work::new(&graph),
            contents: Arc::new(Contents::new(world.sources.clone(), context.store.clone())),
            lookup,
            context,
            graph,
            world,
            memo,
            queue: Queue::default(),
            executor: None,
            tally: Tally::default(),
            healed: HashSet::new(),
            keys: HashMap::new(),
            reasons: HashMap::new(),
            stopping: false,
            named: request.roots.iter().copied().collect(),
            own_scratch: None,
            release: None,
            request,
            in_flight: 0,
            sender,
            receiver,
        }
    }

    /// Runs until every target is done, failed or skipped.
    pub async fn drive(&mut self) {
        loop {
            self.advance();
            self.start_jobs();
            if self.in_flight == 0 {
                break;
            }
            let Some(completion) = self.receiver.recv().await else {
                break;
            };
            self.complete(completion);
            while let Ok(completion) = self.receiver.try_recv() {
                self.complete(completion);
            }
        }
    }

    /// Moves every target that can move without running anything.
    fn advance(&mut self) {
        loop {
            let ready = self.work.take_ready();
            if ready.is_empty() || self.context.cancel.is_cancelled() {
                return;
            }
            let mut actions = Vec::new();
            for (id, resolved) in self.resolve_all(ready) {
                match resolved {
                    Resolved::Declared(produced) => self.finish_declared(id, produced),
                    Resolved::Faulty(diagnostic) => self.fail(id, diagnostic),
                    Resolved::Action(inputs, key) => {
                        self.emit(Event::TargetStarted {
                            label: self.graph.label(id).clone(),
                        });
                        self.keys.insert(id, key);
                        actions.push(Candidate {
                            id,
                            key,
                            inputs,
                            reason: String::new(),
                        });
                    }
                }
            }
            self.look_up(actions);
        }
    }

    fn resolve_all(&self, ready: Vec<TargetId>) -> Vec<(TargetId, Resolved)> {
        let resolver = Resolver {
            graph: &self.graph,
            world: &self.world,
            work: &self.work,
        };
        if ready.len() < PARALLEL {
            return ready
                .into_iter()
                .map(|id| (id, resolver.resolve(id)))
                .collect();
        }
        ready
            .into_par_iter()
            .map(|id| (id, resolver.resolve(id)))
            .collect()
    }

    fn finish_declared(&mut self, id: TargetId, produced: Produced) {
        if let kiln_plugin_abi::Action::Inline(file) = &self.graph.node(id).target.action {
            let digest = kiln_plugin_abi::Digest::of(&file.content);
            self.contents
                .add_inline(digest, file.content.as_slice().into());
        }
        self.finish(id, produced);
    }

    fn look_up(&mut self, candidates: Vec<Candidate>) {
        let keys: Vec<ActionKey> = candidates
            .iter()
            .filter(|candidate| self.may_reuse(candidate.id))
            .map(|candidate| candidate.key)
            .collect();
        let mut results = self.lookup.results(&keys).into_iter();
        for candidate in candidates {
            let found = if self.may_reuse(candidate.id) {
                results.next().flatten()
            } else {
                None
            };
            match found {
                Some(result) => self.take_result(candidate, &result),
                None => self.enqueue(candidate),
            }
        }
    }

    pub(super) fn may_reuse(&self, id: TargetId) -> bool {
        self.graph.node(id).target.cache
            && !self.healed.contains(&id)
            && match self.request.reuse {
                Reuse::Normal => true,
                Reuse::ForceNamed => !self.named.contains(&id),
                Reuse::Nothing => false,
            }
    }

    pub(super) fn take_result(&mut self, candidate: Candidate, result: &Arc<ActionResult>) {
        let id = candidate.id;
        let node = self.graph.node(id);
        let Some(produced) = produced_by_action(node, result.outputs.clone(), Origin::Found) else {
            // A record that does not fit its key is damage.
            return self.enqueue(candidate);
        };
        let label = node.target.label.clone();
        let now = clock::monotonic().duration_since(self.context.began);
        self.emit(Event::ActionFinished(ActionFinished {
            label: label.clone(),
            key: candidate.key.hex(),
            cached: Cached::Local,
            exit: result.exit_code,
            usage: result.usage,
            started: now,
            finished: now,
        }));
        if self.request.execution == Execution::Run {
            let number = self.request.number;
            self.memo
                .note(&label.to_string(), candidate.key, number, How::Found);
        }
        self.show_standard_error(id, result);
        self.tally.found.insert(id);
        self.finish(id, produced);
    }

    pub(super) fn finish(&mut self, id: TargetId, produced: Produced) {
        self.emit(Event::TargetFinished {
            label: self.graph.label(id).clone(),
            outputs: super::settle::output_files(&produced),
        });
        self.work.finish(&self.graph, id, Arc::new(produced));
    }

    fn enqueue(&mut self, mut candidate: Candidate) {
        let id = candidate.id;
        self.work.set(id, State::Queued);
        candidate.reason = self.reason(&candidate);
        self.reasons.insert(id, candidate.reason.clone());
        if self.request.execution == Execution::DryRun {
            return;
        }
        if !self.queue.is_prepared() {
            let durations = self.context.store.durations();
            self.queue.prepare(&self.graph, &durations);
        }
        self.queue.push(candidate);
    }

    fn reason(&self, candidate: &Candidate) -> String {
        let node = self.graph.node(candidate.id);
        if self.healed.contains(&candidate.id) {
            return "an output of it is missing from the store".to_owned();
        }
        if !node.target.cache {
            return "it is declared with cache = False".to_owned();
        }
        match self.request.reuse {
            Reuse::Nothing => return "--no-cache was given".to_owned(),
            Reuse::ForceNamed if self.named.contains(&candidate.id) => {
                return "--force was given".to_owned();
            }
            Reuse::ForceNamed | Reuse::Normal => {}
        }
        let label = node.target.label.to_string();
        if self.memo.get(&label).is_none() {
            return Explanation::NEW.to_owned();
        }
        let resolver = Resolver {
            graph: &self.graph,
            world: &self.world,
            work: &self.work,
        };
        let manifest = resolver.manifest(node, &candidate.inputs);
        let explanation = Explanation {
            label: &label,
            key: candidate.key,
            manifest: &manifest,
            memo: &self.memo,
            store: &self.context.store,
        };
        explanation.reason()
    }

    /// Records a failed target; whatever waits for it is skipped.
    pub(super) fn fail(&mut self, id: TargetId, diagnostic: Diagnostic) {
        let target = &self.graph.node(id).target;
        let mut diagnostic = diagnostic.on(&target.label);
        if let Some(span) = &target.span {
            diagnostic = diagnostic.at(span);
        }
        self.work.fail(&self.graph, id);
        self.tally.failed.insert(id);
        self.report(FailureKind::Build, diagnostic);
        if self.request.on_failure == OnFailure::Stop {
            self.stopping = true;
        }
    }

    /// Tells a failure, and keeps it for the end.
    pub(super) fn report(&mut self, kind: FailureKind, diagnostic: Diagnostic) {
        self.emit(Event::Diagnostic(diagnostic.clone()));
        self.tally.failures.push((kind, diagnostic));
    }

    pub(super) fn emit(&self, event: Event) {
        self.context.events.emit(&event);
    }
}
