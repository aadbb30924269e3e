//! What a run does with an action that came to an end, and with lost contents.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kiln_plugin_abi::{Diagnostic, Digest, GroupName};

use super::claim::SharedFailure;
use super::heal::producers_of;
use super::produced::Origin;
use super::queue::Candidate;
use super::resolve::{Resolver, produced_by_action};
use super::run::Run;
use super::settle::{leftovers_warning, standard_error, stored_log, usage_of};
use crate::artifact::Listing;
use crate::events::{ActionFinished, Cached, Event, Summary, Usage};
use crate::execute::{ActionReport, Ended, Executor, ExecutorSettings, Keep, RunAreas};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::graph::TargetId;
use crate::history::{How, write_failed_log};
use crate::key::ActionKey;
use crate::request::Reuse;
use crate::sandbox::{Base, Sandbox, SandboxConfig, Stream};
use crate::store::ActionResult;
use crate::sys::area::Area;
use crate::sys::{clock, fs};

/// How much of the tmpfs for contents may be used before the disk is.
const RUN_AREA_BYTES: u64 = 2 << 30;

impl Run {
    /// The executor; started with the first action that has to run.
    pub(super) fn executor(&mut self) -> Outcome<Arc<Executor>> {
        if let Some(executor) = &self.executor {
            return Ok(executor.clone());
        }
        let scratch = self.scratch()?;
        let config = &self.context.config;
        let sandbox = Sandbox::start(&SandboxConfig {
            base: Base::Host,
            host_paths: config.sandbox.host_paths.clone(),
            disk_roots: vec![scratch.clone()],
            run_area_bytes: RUN_AREA_BYTES + RUN_AREA_BYTES / 2,
            slots: config.jobs + 1,
        })
        .map_err(|unavailable| {
            let diagnostic = Diagnostic::error(unavailable.to_string()).hint(unavailable.cure());
            Failure::new(FailureKind::Environment, diagnostic)
        })?;
        let memory = sandbox
            .run_area()
            .try_clone_to_owned()
            .map_err(|error| Failure::environment(&error))?;
        let memory = Area::new(memory, "/kiln/run");
        let disk = Area::open(&scratch)?;
        self.contents
            .provide(RunAreas::new(memory, disk, RUN_AREA_BYTES)?);
        let settings = ExecutorSettings {
            jobs: config.jobs,
            tmpfs_bytes: config.sandbox.tmpfs_bytes,
            undeclared_outputs: config.sandbox.undeclared_outputs,
            workspace: config.workspace.clone(),
            keep: match self.request.reuse {
                Reuse::Nothing => Keep::ForThisRun,
                Reuse::Normal | Reuse::ForceNamed => Keep::InStore,
            },
        };
        let executor = Arc::new(Executor::new(
            sandbox,
            self.contents.clone(),
            self.context.store.clone(),
            &self.context.drivers,
            settings,
        ));
        self.executor = Some(executor.clone());
        Ok(executor)
    }

    /// A directory on disk for this run: beside the store's files, or in the
    /// workspace when the store cannot be written.
    fn scratch(&mut self) -> Outcome<PathBuf> {
        if let Some(scratch) = self.context.store.scratch()? {
            return Ok(scratch);
        }
        let guard = fs::temporary_directory(&self.context.temporary)?;
        let path = guard.path().to_path_buf();
        self.own_scratch = Some(guard);
        Ok(path)
    }

    /// Takes the outputs of an action that ran with success.
    pub(super) fn take_report(
        &mut self,
        candidate: Candidate,
        started: Duration,
        report: ActionReport,
    ) {
        let id = candidate.id;
        let graph = self.graph.clone();
        let node = graph.node(id);
        let label = node.target.label.clone();
        let ended = report.finished;
        let usage = self.tell_end(&candidate, (started, 0), &ended);
        if let Some(warning) = leftovers_warning(&label, &ended.leftovers) {
            self.emit(Event::Diagnostic(warning));
        }
        let listings: Vec<(Option<GroupName>, Arc<Listing>)> = report
            .collected
            .groups
            .into_iter()
            .map(|(name, listing)| (name, Arc::new(listing)))
            .collect();
        let result = ActionResult {
            outputs: listings.clone(),
            log: stored_log(&ended.log),
            usage,
            exit_code: 0,
            created: clock::since_epoch().as_secs(),
        };
        self.warn_of_difference(candidate.key, &label, &result);
        self.show_standard_error(id, &result);
        if self.request.reuse != Reuse::Nothing && node.target.cache {
            let resolver = Resolver {
                graph: &self.graph,
                world: &self.world,
                work: &self.work,
            };
            let manifest = resolver.manifest(node, &candidate.inputs).encode();
            self.context
                .store
                .publish(candidate.key, &result, &manifest);
            self.context
                .store
                .note_duration(&label.to_string(), usage.wall_ms);
        }
        self.memo.note(
            &label.to_string(),
            candidate.key,
            self.request.number,
            How::Ran,
        );
        let Some(produced) = produced_by_action(node, listings, Origin::Ran) else {
            let message = "the collected outputs do not fit the declared ones";
            return self.fail(id, Diagnostic::error(message));
        };
        self.tally.ran.insert(id);
        self.finish(id, produced);
    }

    /// Shows again what the action of a named target wrote to its standard error.
    pub(super) fn show_standard_error(&self, id: TargetId, result: &ActionResult) {
        if !self.named.contains(&id) {
            return;
        }
        // A log that is lost is no reason to run the action again.
        let Ok(Some(log)) = self.context.store.log(result) else {
            return;
        };
        let bytes = standard_error(&log);
        if !bytes.is_empty() {
            let label = self.graph.label(id).clone();
            self.emit(Event::ActionOutput {
                label,
                bytes,
                dropped: log.dropped,
            });
        }
    }

    /// With `--force` an older result under the same key can be compared.
    fn warn_of_difference(
        &mut self,
        key: ActionKey,
        label: &kiln_plugin_abi::Label,
        result: &ActionResult,
    ) {
        if self.request.reuse != Reuse::ForceNamed {
            return;
        }
        let Some(before) = self.lookup.results(&[key]).pop().flatten() else {
            return;
        };
        let digest = |result: &ActionResult| -> Vec<Digest> {
            result
                .outputs
                .iter()
                .map(|(_, listing)| listing.digest())
                .collect()
        };
        if digest(&before) != digest(result) {
            let message =
                "the same inputs gave other outputs than before: the action is not deterministic";
            let hint =
                "look for time stamps, random numbers or unsorted directories in what it writes";
            let warning = Diagnostic::warning(message).on(label).hint(hint);
            self.emit(Event::Diagnostic(warning));
        }
    }

    /// Tells that a process ended.
    fn tell_end(
        &self,
        candidate: &Candidate,
        (started, exit): (Duration, i32),
        ended: &Ended,
    ) -> Usage {
        let finished = clock::monotonic().duration_since(self.context.began);
        let usage = usage_of(ended, finished.saturating_sub(started));
        self.emit(Event::ActionFinished(ActionFinished {
            label: self.graph.label(candidate.id).clone(),
            key: candidate.key,
            cached: Cached::No,
            exit,
            usage,
            started,
            finished,
        }));
        usage
    }

    /// Tells that a process failed, with what it wrote.
    pub(super) fn tell_failure(&self, candidate: &Candidate, started: Duration, ended: &Ended) {
        // A process may end well and still fail its target: by what it left.
        let exit = ended.exit.code().max(1);
        self.tell_end(candidate, (started, exit), ended);
        let dropped = ended.log.dropped(Stream::Stdout) + ended.log.dropped(Stream::Stderr);
        let label = self.graph.label(candidate.id).clone();
        let bytes = ended.log.merged();
        // A log that cannot be kept is shown all the same.
        let _ = write_failed_log(&self.context.logs, &label, &bytes);
        self.emit(Event::ActionOutput {
            label,
            bytes,
            dropped,
        });
    }

    /// Hands a failure to other processes that wait for the same action.
    pub(super) fn share_failure(
        &self,
        candidate: &Candidate,
        diagnostic: &Diagnostic,
        ended: &Ended,
    ) {
        let failure = SharedFailure {
            message: diagnostic.message.clone(),
            exit: ended.exit.code(),
            log: ended.log.merged(),
        };
        if let Ok(bytes) = serde_json::to_vec(&failure) {
            self.context.store.note_failure(candidate.key, &bytes);
        }
    }

    /// Takes the failure of another process that ran the same action.
    pub(super) fn take_failure(&mut self, candidate: &Candidate, failure: SharedFailure) {
        let label = self.graph.label(candidate.id).clone();
        // A log that cannot be kept is shown all the same.
        let _ = write_failed_log(&self.context.logs, &label, &failure.log);
        let bytes = failure.log;
        self.emit(Event::ActionOutput {
            label: label.clone(),
            bytes,
            dropped: 0,
        });
        let number = self.request.number;
        self.memo
            .note(&label.to_string(), candidate.key, number, How::Failed);
        let diagnostic =
            Diagnostic::error(failure.message).note("another process ran it while this one waited");
        self.fail(candidate.id, diagnostic);
    }

    /// Lets the producers of a lost content run again, and `consumer` wait for
    /// them. Each target is healed once; what is lost again is a failure.
    pub(super) fn heal(&mut self, consumer: TargetId, lost: Digest) {
        let producers = producers_of(&self.graph, &self.work, lost);
        let again = producers.iter().any(|id| self.healed.contains(id));
        if again || (producers.is_empty() && self.all_inputs_done(consumer)) {
            let message = "an input is missing from the store and could not be made again";
            let hint = "its producer may not be deterministic; try `--force` on it";
            return self.fail(consumer, Diagnostic::error(message).hint(hint));
        }
        self.prepare_healing(&producers, lost);
        self.work.wait_again(&self.graph, consumer, &producers);
    }

    /// Lets the producers of a content that a requested output lacks run again;
    /// false when that was tried already.
    pub fn heal_output(&mut self, lost: Digest) -> bool {
        let producers = producers_of(&self.graph, &self.work, lost);
        if producers.is_empty() || producers.iter().any(|id| self.healed.contains(id)) {
            return false;
        }
        self.prepare_healing(&producers, lost);
        self.work.run_again(&self.graph, &producers);
        true
    }

    fn all_inputs_done(&self, id: TargetId) -> bool {
        self.graph
            .node(id)
            .waits_for
            .iter()
            .all(|on| self.work.produced(*on).is_some())
    }

    fn prepare_healing(&mut self, producers: &[TargetId], lost: Digest) {
        self.contents.forget(lost);
        for id in producers {
            self.healed.insert(*id);
            self.tally.found.remove(id);
            self.tally.ran.remove(id);
            if let Some(key) = self.keys.get(id) {
                self.lookup.forget(*key);
                self.context.store.forget(*key);
            }
            let message = "its output is missing from the store or damaged; it runs again";
            let warning = Diagnostic::warning(message).on(self.graph.label(*id));
            self.emit(Event::Diagnostic(warning));
        }
    }

    /// The counts so far; whatever is not done counts as skipped.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let total = (0..self.graph.len())
            .filter(|index| self.graph.node(TargetId(*index as u32)).has_action())
            .count() as u64;
        let with_action = |id: &&TargetId| self.graph.node(**id).has_action();
        let cached = self.tally.found.len() as u64;
        let ran = self.tally.ran.len() as u64;
        let failed = self.tally.failed.iter().filter(with_action).count() as u64;
        Summary {
            cached,
            ran,
            failed,
            skipped: total.saturating_sub(cached + ran + failed),
            wall: clock::monotonic().duration_since(self.context.began),
            counters: crate::events::Counters::default(),
        }
    }
}
