//! The loop that brings a graph up to date.
//!
//! One thread drives it: it computes keys, asks the store and hands out work.
//! Staging, hashing and processes happen elsewhere and report back over a
//! channel.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiln_plugin_abi::{Diagnostic, Driver, Label};
use rayon::prelude::*;
use tokio::sync::mpsc;

use super::claim::{Claim, Release, SharedFailure, claim};
use super::examine::World;
use super::explain::Explanation;
use super::inputs::ResolvedGroup;
use super::lookup::Lookup;
use super::produced::{Origin, Produced};
use super::queue::{Candidate, Queue};
use super::resolve::{Resolved, Resolver, produced_by_action};
use super::settle::wait_notice;
use super::work::{State, Work};
use crate::cancel::CancelToken;
use crate::events::{ActionFinished, Cached, Event, EventSink};
use crate::execute::{ActionError, ActionReport, Contents, Executor, Job};
use crate::failure::{Failure, FailureKind};
use crate::graph::{Graph, TargetId};
use crate::history::{How, Memo};
use crate::key::ActionKey;
use crate::request::{EngineConfig, Execution, OnFailure, Reuse};
use crate::store::flight::Flight;
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
    release: Option<Release>,
    in_flight: usize,
    sender: mpsc::UnboundedSender<Completion>,
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

/// An action that came to an end.
pub(super) struct Completion {
    pub candidate: Candidate,
    pub started: Option<Duration>,
    pub result: Ending,
    /// Given back when the result is written.
    pub flight: Option<Flight>,
}

/// How an action came to an end.
pub(super) enum Ending {
    /// It ran here.
    Ran(Result<ActionReport, ActionError>),
    /// Another process made its result while this one wanted to.
    Found(Arc<ActionResult>),
    /// Another process tried while this one wanted to, and failed.
    FailedElsewhere(SharedFailure),
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

    /// The outputs of a target that is up to date.
    #[must_use]
    pub fn produced(&self, id: TargetId) -> Option<&Arc<Produced>> {
        self.work.produced(id)
    }

    /// A source file of this run.
    #[must_use]
    pub fn source(&self, file: crate::graph::FileId) -> &crate::execute::RunSource {
        &self.world.sources[file.index()]
    }

    /// The key of a target with an action, once its inputs are known.
    #[must_use]
    pub fn key(&self, id: TargetId) -> Option<ActionKey> {
        self.keys.get(&id).copied()
    }

    /// Why a target has to run; `None` when it need not, or is not reached.
    #[must_use]
    pub fn reason_of(&self, id: TargetId) -> Option<&str> {
        self.reasons.get(&id).map(String::as_str)
    }

    /// The facts that the host's part of every key was made of.
    #[must_use]
    pub fn base_facts(&self) -> &[String] {
        &self.world.base.facts
    }

    /// The inputs of a target with their identities, once they are all known.
    #[must_use]
    pub fn resolved_inputs(&self, id: TargetId) -> Option<Vec<ResolvedGroup>> {
        let node = self.graph.node(id);
        let known = node
            .waits_for
            .iter()
            .all(|on| self.work.produced(*on).is_some());
        let resolver = Resolver {
            graph: &self.graph,
            world: &self.world,
            work: &self.work,
        };
        known.then(|| resolver.inputs(node))
    }

    /// What this run leaves for the next.
    #[must_use]
    pub fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Records a failure that is no single target's.
    pub fn fail_request(&mut self, failure: Failure) {
        for diagnostic in failure.diagnostics {
            self.report(failure.kind, diagnostic);
        }
    }

    /// The contents of this run.
    #[must_use]
    pub fn contents(&self) -> &Arc<Contents> {
        &self.contents
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

    fn may_reuse(&self, id: TargetId) -> bool {
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

    /// Starts as many jobs as may be under way. Twice as many as may run at
    /// once, so that the next are staged when a place becomes free.
    fn start_jobs(&mut self) {
        while self.in_flight < self.context.config.jobs * 2 && !self.is_stopping() {
            let Some(candidate) = self.queue.pop() else {
                return;
            };
            match self.executor() {
                Ok(executor) => self.start(candidate, &executor),
                Err(failure) => {
                    self.work.fail(&self.graph, candidate.id);
                    self.tally.failed.insert(candidate.id);
                    for diagnostic in failure.diagnostics {
                        self.report(failure.kind, diagnostic);
                    }
                    self.stopping = true;
                }
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping || self.context.cancel.is_cancelled()
    }

    fn start(&mut self, candidate: Candidate, executor: &Arc<Executor>) {
        self.work.set(candidate.id, State::Running);
        self.in_flight += 1;
        let target = self.graph.node(candidate.id).target.clone();
        let label = target.label.clone();
        let environment = &self.context.config.environment;
        let declared = target.pass_environment.iter();
        let passed = declared
            .filter_map(|name| Some((name.clone(), environment.get(name)?.clone())))
            .collect();
        let job = Job {
            target,
            inputs: candidate.inputs.clone(),
            passed,
        };
        let executor = executor.clone();
        let cancel = self.context.cancel.clone();
        let events = self.context.events.clone();
        let began = self.context.began;
        let sender = self.sender.clone();
        let store = self.context.store.clone();
        let shared = self.may_reuse(candidate.id);
        let name = label.clone();
        tokio::spawn(async move {
            let mut started = None;
            let mut flight = None;
            if shared {
                let waiting = |holder| events.emit(&Event::Diagnostic(wait_notice(&name, holder)));
                let end = match claim(&store, candidate.key, waiting).await {
                    Claim::Ours(ours) => {
                        flight = ours;
                        None
                    }
                    Claim::Found(result) => Some(Ending::Found(result)),
                    Claim::Failed(failure) => Some(Ending::FailedElsewhere(failure)),
                };
                if let Some(result) = end {
                    // The run may be over already, when it was dropped.
                    let _ = sender.send(Completion {
                        candidate,
                        started,
                        result,
                        flight,
                    });
                    return;
                }
            }
            let announce = || {
                started = Some(clock::monotonic().duration_since(began));
                events.emit(&Event::ActionStarted {
                    label,
                    key: candidate.key.hex(),
                    reason: candidate.reason.clone(),
                });
            };
            let result = Ending::Ran(executor.run(job, &cancel, announce).await);
            let _ = sender.send(Completion {
                candidate,
                started,
                result,
                flight,
            });
        });
    }

    fn complete(&mut self, completion: Completion) {
        self.in_flight -= 1;
        let Completion {
            candidate,
            started,
            result,
            flight,
        } = completion;
        let id = candidate.id;
        let result = match result {
            Ending::Ran(result) => result,
            Ending::Found(result) => return self.take_result(candidate, &result),
            Ending::FailedElsewhere(failure) => return self.take_failure(&candidate, failure),
        };
        match result {
            Ok(report) => {
                self.take_report(candidate, started.unwrap_or_default(), report);
                if let Some(flight) = flight {
                    let store = &self.context.store;
                    let release = self
                        .release
                        .get_or_insert_with(|| Release::start(store.clone()));
                    release.after_writing(flight);
                }
            }
            Err(ActionError::Cancelled) => self.work.set(id, State::Skipped),
            Err(ActionError::Lost(digest)) => self.heal(id, digest),
            Err(ActionError::Machine(diagnostic)) => {
                self.work.fail(&self.graph, id);
                self.tally.failed.insert(id);
                let label = self.graph.label(id).clone();
                self.report(FailureKind::Environment, diagnostic.on(&label));
                self.stopping = true;
            }
            Err(ActionError::Failed { diagnostic, ended }) => {
                if let Some(ended) = ended {
                    self.tell_failure(&candidate, started.unwrap_or_default(), &ended);
                    self.share_failure(&candidate, &diagnostic, &ended);
                }
                drop(flight);
                let label = self.graph.label(id).to_string();
                self.memo
                    .note(&label, candidate.key, self.request.number, How::Failed);
                self.fail(id, diagnostic);
            }
        }
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

    /// Why the run did not bring everything up to date; `None` when it did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        if self.context.cancel.is_cancelled() {
            let diagnostic = Diagnostic::error("the build was interrupted");
            return Some(Failure::new(FailureKind::Interrupted, diagnostic));
        }
        let kinds = self.tally.failures.iter().map(|(kind, _)| *kind);
        let kind = kinds.max()?;
        let diagnostics = self
            .tally
            .failures
            .iter()
            .map(|(_, diagnostic)| diagnostic.clone());
        Some(Failure {
            kind,
            diagnostics: diagnostics.collect(),
        })
    }

    /// What would run, with the reason of each, in the order of the graph.
    #[must_use]
    pub fn would_run(&self) -> Vec<(Label, String)> {
        let mut would_run = Vec::new();
        for &id in self.graph.order() {
            let node = self.graph.node(id);
            if !node.has_action() || self.work.produced(id).is_some() {
                continue;
            }
            let waits = || {
                let on = node
                    .waits_for
                    .iter()
                    .find(|on| self.work.produced(**on).is_none());
                on.map(|on| format!("it depends on {}", self.graph.label(*on)))
            };
            let reason = self
                .reasons
                .get(&id)
                .cloned()
                .or_else(waits)
                .unwrap_or_default();
            would_run.push((node.target.label.clone(), reason));
        }
        would_run
    }
}
