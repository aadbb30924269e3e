//! `kiln run` and `kiln build`: brings targets up to date and puts their
//! outputs in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use kiln_plugin_abi::{
    Diagnostic, GroupName, OutputKind, OutputReference, SignedPattern, WorkspacePath,
};

use super::Engine;
use super::select::select;
use super::session::{Session, open_store, store_options, tell_warnings};
use crate::artifact::Artifact;
use crate::artifact::Root;
use crate::artifact::{Entry, Listing};
use crate::cancel::CancelToken;
use crate::events::{Counters, Event, Summary};
use crate::execute::{ContentError, executables};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::graph::{Graph, GraphBuilder, Item, TargetId, runtime_closure};
use crate::history::{RunRecord, read_last_run, write_last_run};
use crate::materialize::{MaterializeError, Materializer, Stamps, Wanted, output_prefix};
use crate::request::{BuildReport, BuildRequest, BuiltTarget, Execution, Placement};
use crate::schedule::{Run, RunContext, RunRequest, World};
use crate::store::{RunSummary, Store};
use crate::sys::clock;

impl Engine {
    /// Brings targets up to date. Everything that happens is told as events,
    /// failures included; the last event is the summary.
    pub async fn build(&self, request: &BuildRequest, cancel: &CancelToken) -> BuildReport {
        let began = clock::monotonic();
        let mut report = match Preparation::new(self, request, cancel) {
            Ok(prepared) => prepared.build(request).await,
            Err(failure) => {
                self.tell(&failure);
                BuildReport {
                    summary: Summary::default(),
                    built: Vec::new(),
                    would_run: Vec::new(),
                    failure: Some(failure),
                }
            }
        };
        report.summary.wall = clock::monotonic().duration_since(began);
        self.events.emit(&Event::BuildFinished(report.summary));
        report
    }

    pub(super) fn tell(&self, failure: &Failure) {
        for diagnostic in &failure.diagnostics {
            self.events.emit(&Event::Diagnostic(diagnostic.clone()));
        }
    }
}

/// Everything in place to start a run.
pub(super) struct Preparation<'e> {
    engine: &'e Engine,
    session: Session,
    store: Arc<Store>,
    graph: Arc<Graph>,
    named: Vec<OutputReference>,
    run: Run,
    number: u64,
}

impl<'e> Preparation<'e> {
    /// Loads the closure of a request and examines the world it lives in.
    pub fn new(
        engine: &'e Engine,
        request: &BuildRequest,
        cancel: &CancelToken,
    ) -> Outcome<Preparation<'e>> {
        let began = clock::monotonic();
        let session = Session::open(engine)?;
        let number = read_last_run(&session.state.state("run")).number + 1;
        engine.events.emit(&Event::BuildStarted {
            run: number,
            patterns: request.patterns.iter().map(written).collect(),
            jobs: engine.config.jobs,
        });
        let named = select(&request.patterns, &session.loader)?;
        let graph = Arc::new(GraphBuilder::new(&session.loader).finish(&named)?);
        let ids = (0..graph.len()).map(|index| TargetId(index as u32));
        let total = ids.filter(|id| graph.node(*id).has_action()).count() as u64;
        engine.events.emit(&Event::TargetsCounted { total });
        let world = World::examine(&graph, &engine.config, &session.fingerprints, &session.host)?;
        let store = match total {
            0 => Arc::new(Store::detached(&store_options(engine))),
            _ => open_store(engine),
        };
        let context = RunContext {
            config: engine.config.clone(),
            store: store.clone(),
            drivers: engine.drivers.clone(),
            events: engine.events.clone(),
            cancel: cancel.clone(),
            began,
            logs: session.state.state("logs"),
            temporary: session.state.temporary(),
        };
        let run_request = RunRequest {
            number,
            roots: named
                .iter()
                .filter_map(|named| graph.find(&named.label))
                .collect(),
            on_failure: request.on_failure,
            reuse: request.reuse,
            execution: request.execution,
        };
        let memo = session.memo.clone();
        let run = Run::new(context, run_request, graph.clone(), Arc::new(world), memo);
        Ok(Preparation {
            engine,
            session,
            store,
            graph,
            named,
            run,
            number,
        })
    }

    /// Brings everything up to date without touching the workspace.
    pub async fn drive_without_placing(&mut self) -> Outcome<()> {
        self.run.drive().await;
        self.leave(0, Execution::Run);
        self.run.failure().map_or(Ok(()), Err)
    }

    /// The entries of what a reference selects, sorted by group and path.
    pub fn entries(
        &self,
        reference: &OutputReference,
    ) -> Vec<(Option<GroupName>, WorkspacePath, Entry)> {
        let id = self.graph.find(&reference.label);
        let Some(produced) = id.and_then(|id| self.run.produced(id)) else {
            return Vec::new();
        };
        let group = reference.group.as_ref();
        let selected = produced
            .groups
            .iter()
            .filter(|(name, _)| group.is_none() || name.as_ref() == group);
        let entries = selected.flat_map(|(name, artifact)| {
            let entries = artifact.listing.entries().iter();
            entries.map(|(path, entry)| (name.clone(), path.clone(), entry.clone()))
        });
        entries.collect()
    }

    /// The run, its graph and its session, for requests that only look.
    pub fn into_parts(self) -> (Session, Arc<Store>, Arc<Graph>, Run) {
        (self.session, self.store, self.graph, self.run)
    }

    async fn build(mut self, request: &BuildRequest) -> BuildReport {
        let mut outputs_written = 0;
        let mut built = Vec::new();
        loop {
            self.run.drive().await;
            if request.execution == Execution::DryRun {
                break;
            }
            match self.place(request.placement) {
                Ok((targets, written)) => {
                    built = targets;
                    outputs_written = written;
                    break;
                }
                Err(MaterializeError::Lost(digest)) if self.run.heal_output(digest) => {}
                Err(error) => {
                    self.run.fail_request(place_failure(&error));
                    break;
                }
            }
        }
        let mut summary = self.run.summary();
        summary.counters = self.leave(outputs_written, request.execution);
        BuildReport {
            summary,
            built,
            would_run: match request.execution {
                Execution::DryRun => self.run.would_run(),
                Execution::Run => Vec::new(),
            },
            failure: self.run.failure(),
        }
    }

    /// Puts the outputs of the named targets that are done in place.
    fn place(&self, placement: Placement) -> Result<(Vec<BuiltTarget>, u64), MaterializeError> {
        let stamps_file = self.session.state.state("outputs");
        let mut stamps = Stamps::read(&stamps_file);
        let materializer = Materializer {
            directory: &self.session.state.outputs(),
            temporary: &self.session.state.temporary(),
            contents: self.run.contents(),
        };
        let mut wanted = Vec::new();
        let mut own = BTreeMap::new();
        for named in &self.named {
            let Some(id) = self.graph.find(&named.label) else {
                continue;
            };
            let Some(produced) = self.run.produced(id) else {
                continue;
            };
            let selected = produced
                .select(named.group.as_ref())
                .map(|artifact| Wanted {
                    label: named.label.clone(),
                    prefix: output_prefix(&named.label),
                    artifact: artifact.clone(),
                });
            let selected: Vec<Wanted> = selected.collect();
            wanted.extend(selected.iter().cloned());
            if placement == Placement::WithRuntime {
                wanted.extend(self.runtime(id));
            }
            own.insert(named.clone(), selected);
        }
        let written = materializer.place(&wanted, &mut stamps)?;
        stamps.write(&stamps_file)?;
        let built = own
            .iter()
            .map(|(named, wanted)| built(named, wanted, &materializer));
        Ok((built.collect(), written))
    }

    /// What has to stand beside a target's outputs when they are run.
    fn runtime(&self, of: TargetId) -> Vec<Wanted> {
        let label = self.graph.label(of);
        let prefix = output_prefix(label);
        let mut artifacts = Vec::new();
        for item in runtime_closure(&self.graph, of) {
            match item {
                Item::Output(id, group) => {
                    let produced = self.run.produced(id).into_iter();
                    artifacts.extend(
                        produced.flat_map(|made| {
                            made.select(group.as_ref()).cloned().collect::<Vec<_>>()
                        }),
                    );
                }
                Item::File(file) => artifacts.extend(self.source_artifact(file)),
                Item::HostTool(_) => {}
            }
        }
        let wanted = artifacts.into_iter().map(|artifact| Wanted {
            label: label.clone(),
            prefix: prefix.clone(),
            artifact,
        });
        wanted.collect()
    }

    fn source_artifact(&self, file: crate::graph::FileId) -> Option<Artifact> {
        let source = self.run.source(file);
        let fingerprint = &source.source.fingerprint;
        let (digest, executable) = (fingerprint.digest, fingerprint.executable);
        let path = source.path.clone();
        let listing = Listing::of_file(path.clone(), digest, executable).ok()?;
        Some(Artifact::new(
            [Root {
                path,
                kind: OutputKind::File,
            }]
            .into(),
            listing,
        ))
    }

    /// Leaves what the next run can use; returns what was counted.
    fn leave(&mut self, outputs_written: u64, execution: Execution) -> Counters {
        let mut degraded = Vec::new();
        if execution == Execution::Run {
            let began = clock::since_epoch().as_secs();
            let record = RunRecord {
                number: self.number,
                began,
            };
            degraded.extend(write_last_run(&self.session.state.state("run"), record).err());
            degraded.extend(
                self.run
                    .memo()
                    .write(&self.session.state.state("memo"))
                    .err(),
            );
        }
        degraded.extend(self.session.save().err());
        if execution == Execution::Run {
            let summary = self.run.summary();
            let finished = self.store.finish(RunSummary {
                found: summary.cached,
                ran: summary.ran,
                failed: summary.failed,
                wall_ms: summary.wall.as_millis() as u64,
            });
            degraded.extend(finished.err());
        }
        for error in degraded {
            let warning = Diagnostic::warning(format!("the next run will be slower: {error}"));
            self.engine.events.emit(&Event::Diagnostic(warning));
        }
        tell_warnings(self.engine, &self.store);
        let stored = self.store.counters();
        Counters {
            packages_evaluated: self.session.loader.packages_evaluated(),
            files_hashed: self.session.fingerprints.counters().files_hashed,
            store_rows_written: stored.rows_written,
            store_bytes_written: stored.bytes_written,
            outputs_written,
        }
    }
}

fn written(pattern: &SignedPattern) -> String {
    match pattern {
        SignedPattern::Add(pattern) => pattern.to_string(),
        SignedPattern::Subtract(pattern) => format!("-{pattern}"),
    }
}

fn built(
    named: &OutputReference,
    wanted: &[Wanted],
    materializer: &Materializer<'_>,
) -> BuiltTarget {
    let mut outputs = Vec::new();
    let mut executable = Vec::new();
    for wanted in wanted {
        for root in wanted.artifact.roots.iter() {
            outputs.push(materializer.path_of(wanted, &root.path));
        }
        for path in executables(&wanted.artifact) {
            executable.push(materializer.path_of(wanted, path));
        }
    }
    BuiltTarget {
        label: named.label.clone(),
        outputs,
        executables: executable,
    }
}

fn place_failure(error: &MaterializeError) -> Failure {
    let kind = match error {
        MaterializeError::Content(ContentError::Fs(_)) => FailureKind::Environment,
        _ => FailureKind::Build,
    };
    let diagnostic = Diagnostic::error(error.to_string());
    let diagnostic = match error {
        MaterializeError::Conflict { .. } => {
            diagnostic.hint("name only one of them, or give one another output path")
        }
        MaterializeError::Lost(_) => diagnostic.hint("run the target with --force"),
        MaterializeError::Content(_) => diagnostic,
    };
    Failure::new(kind, diagnostic)
}
