//! Hands out work: starts jobs as places become free, and takes them back.

use std::sync::Arc;
use std::time::Duration;

use super::claim::{Claim, Release, SharedFailure, claim};
use super::queue::Candidate;
use super::run::Run;
use super::settle::wait_notice;
use super::work::State;
use crate::events::Event;
use crate::execute::{ActionError, ActionReport, Executor, Job};
use crate::failure::FailureKind;
use crate::history::How;
use crate::store::ActionResult;
use crate::store::flight::Flight;
use crate::sys::clock;

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
    /// Starts as many jobs as may be under way. Twice as many as may run at
    /// once, so that the next are staged when a place becomes free.
    pub(super) fn start_jobs(&mut self) {
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

    pub(super) fn complete(&mut self, completion: Completion) {
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
}
