//! Runs jobs: stages them, gives them to the sandbox, collects what they made.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;

use kiln_plugin_abi::{Command, Diagnostic, Digest, Driver, OutputKind};
use tokio::sync::Semaphore;

use super::collect::{CollectError, Collected, OutputSink, collect};
use super::contents::{ContentError, Contents};
use super::environment::LISTS;
use super::job::{Job, JobView};
use super::missing::{Failed, missing_inputs};
use super::stage::{ExtraFile, InputTree, StagedTree};
use crate::cancel::CancelToken;
use crate::request::UndeclaredOutputs;
use crate::sandbox::{
    Exit, Finished, Network, Sandbox, SandboxError, SandboxSpec, Scratch, remove_scratch,
};
use crate::store::Store;
use crate::sys::{memory, pool};

/// How many bytes of each stream of an action's log are kept.
const LOG_LIMIT: usize = 1 << 20;

/// Memory is handed out in units of this many bytes.
const MEMORY_UNIT: u64 = 1 << 20;

/// More units than a semaphore of any machine needs.
const MOST_UNITS: u32 = 1 << 28;

/// Bytes in whole units.
fn units(bytes: u64) -> u32 {
    bytes.div_ceil(MEMORY_UNIT).try_into().unwrap_or(u32::MAX)
}

/// What is the same for all actions of a run.
#[derive(Debug, Clone)]
pub struct ExecutorSettings {
    /// How many actions may run at once.
    pub jobs: usize,
    /// Size of an action's private memory file system, in bytes.
    pub tmpfs_bytes: u64,
    /// What happens to files left outside of the outputs.
    pub undeclared_outputs: UndeclaredOutputs,
    /// Where outputs go.
    pub keep: Keep,
    /// The workspace root, absolute.
    pub workspace: PathBuf,
}

/// Where the contents of outputs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Into the store.
    InStore,
    /// Into the run-private areas; gone at the end of the run.
    ForThisRun,
}

/// An action that ran with success.
#[derive(Debug)]
pub struct ActionReport {
    /// How it ended and what it wrote.
    pub finished: Ended,
    /// Its outputs.
    pub collected: Collected,
}

/// What is known of a process that ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub exit: Exit,
    /// What it took.
    pub usage: crate::sandbox::Usage,
    /// What it wrote to its streams.
    pub log: crate::sandbox::Log,
    /// Processes that outlived it and were killed.
    pub leftovers: Vec<String>,
}

/// Why an action has no outputs.
#[derive(Debug)]
pub enum ActionError {
    /// It failed, or did something that is not allowed.
    Failed {
        /// What.
        diagnostic: Diagnostic,
        /// How it ended, when it ran.
        ended: Option<Box<Ended>>,
    },
    /// An input is in no store any more; its producer has to run again.
    Lost(Digest),
    /// The machine does not offer what is needed.
    Machine(Diagnostic),
    /// The caller cancelled.
    Cancelled,
}

/// Runs the actions of one request.
pub struct Executor {
    sandbox: Sandbox,
    contents: Arc<Contents>,
    store: Arc<Store>,
    drivers: HashMap<String, Arc<dyn Driver>>,
    slots: Semaphore,
    memory: Semaphore,
    memory_units: u32,
    settings: ExecutorSettings,
}

impl Executor {
    /// An executor that uses a running sandbox.
    #[must_use]
    pub fn new(
        sandbox: Sandbox,
        contents: Arc<Contents>,
        store: Arc<Store>,
        drivers: &[Arc<dyn Driver>],
        settings: ExecutorSettings,
    ) -> Executor {
        let memory_units = memory::physical().map_or(u32::MAX, units).min(MOST_UNITS);
        let by_name = drivers
            .iter()
            .map(|driver| (driver.id().name, driver.clone()));
        Executor {
            sandbox,
            contents,
            store,
            drivers: by_name.collect(),
            slots: Semaphore::new(settings.jobs),
            memory: Semaphore::new(memory_units as usize),
            memory_units,
            settings,
        }
    }

    /// Runs one job to its end. `started` is called when a place is free and
    /// the process is about to start.
    pub async fn run(
        self: &Arc<Self>,
        job: Job,
        cancel: &CancelToken,
        started: impl FnOnce() + Send,
    ) -> Result<ActionReport, ActionError> {
        let job = Arc::new(job);
        let viewed = job.clone();
        let view = pool::run(move || viewed.view()).await;
        let view = Arc::new(view.map_err(|diagnostic| failed(&job, diagnostic))?);
        let command = self.command(&job, &view).await?;
        let staged = self.stage(&view).await?;
        let resources = &job.target.resources;
        let weight = (resources.cpu.max(1) as usize).min(self.settings.jobs) as u32;
        let memory = units(resources.memory).min(self.memory_units);
        // Memory first: whoever waits for it holds no place that others could use.
        let (Ok(memory), Ok(slot)) = (
            self.memory.acquire_many(memory).await,
            self.slots.acquire_many(weight).await,
        ) else {
            return Err(ActionError::Cancelled);
        };
        if cancel.is_cancelled() {
            return Err(ActionError::Cancelled);
        }
        started();
        let spec = self.spec(&job, &view, &command, &staged);
        let finished = self.run_spec(spec, cancel).await?;
        drop((slot, memory));
        let this = self.clone();
        pool::run(move || {
            let result = this.take(&job, &view, finished);
            drop(staged);
            result
        })
        .await
    }

    async fn command(&self, job: &Job, view: &JobView) -> Result<Command, ActionError> {
        let name = &job.target.driver.name;
        let Some(driver) = self.drivers.get(name) else {
            let message = format!("there is no driver `{name}`");
            return Err(failed(job, Diagnostic::error(message)));
        };
        let command = driver.command(&job.target, &view.environment.paths).await;
        command.map_err(|diagnostic| failed(job, diagnostic))
    }

    async fn stage(&self, view: &Arc<JobView>) -> Result<Staged, ActionError> {
        let contents = self.contents.clone();
        let view = view.clone();
        pool::run(move || Staged::compose(&contents, &view))
            .await
            .map_err(content_error)
    }

    fn spec(&self, job: &Job, view: &JobView, command: &Command, staged: &Staged) -> SandboxSpec {
        let package = job.target.label.package().as_str();
        let mut make_dirs = vec![package.to_owned()];
        for output in job.target.outputs.iter().flat_map(|group| &group.outputs) {
            match output.kind {
                OutputKind::Directory => make_dirs.push(output.path.to_string()),
                OutputKind::File => make_dirs.extend(output.path.parent().map(|p| p.to_string())),
            }
        }
        make_dirs.retain(|path| !path.is_empty());
        make_dirs.sort();
        make_dirs.dedup();
        let variables = view.environment.variables.iter();
        SandboxSpec {
            argv: command.argv.iter().map(OsString::from).collect(),
            env: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            cwd: package.to_owned(),
            layers: staged.workspace.layers(),
            tool_layers: staged.tools.layers(),
            make_dirs,
            scratch: Scratch::Tmpfs {
                bytes: self.settings.tmpfs_bytes,
            },
            network: if job.target.network {
                Network::Host
            } else {
                Network::None
            },
            timeout: job.target.timeout,
            log_limit: LOG_LIMIT,
        }
    }

    /// Runs a spec in memory, and once more on disk when memory was too small.
    async fn run_spec(
        &self,
        mut spec: SandboxSpec,
        cancel: &CancelToken,
    ) -> Result<OnScratch, ActionError> {
        let finished = self
            .sandbox
            .run(&spec, cancel)
            .await
            .map_err(sandbox_error)?;
        if !finished.scratch_full {
            return Ok(OnScratch {
                finished,
                disk: None,
            });
        }
        drop(finished);
        let disk = self.contents.areas().disk();
        let name = format!("scratch-{}", self.contents.next_number());
        disk.make_dir(&name)
            .map_err(|error| content_error(error.into()))?;
        let path = disk.path().join(name);
        spec.scratch = Scratch::Disk(path.clone());
        let finished = self.sandbox.run(&spec, cancel).await;
        let guard = DiskScratch(path);
        let finished = finished.map_err(sandbox_error)?;
        Ok(OnScratch {
            finished,
            disk: Some(guard),
        })
    }

    /// Judges how the action ended and takes its outputs.
    fn take(
        &self,
        job: &Job,
        view: &JobView,
        on_scratch: OnScratch,
    ) -> Result<ActionReport, ActionError> {
        let Finished {
            exit,
            usage,
            log,
            upper,
            leftovers,
            ..
        } = on_scratch.finished;
        let ended = Ended {
            exit,
            usage,
            log,
            leftovers,
        };
        if !ended.exit.is_success() {
            let diagnostic = Diagnostic::error(describe_exit(job, ended.exit));
            let mut diagnostic = located(job, diagnostic);
            let place = Failed {
                root: &self.settings.workspace,
                package: job.target.label.package().as_str(),
                inputs: &view.workspace,
            };
            diagnostic
                .hints
                .extend(missing_inputs(&place, &ended.log.merged()));
            return Err(ActionError::Failed {
                diagnostic,
                ended: Some(Box::new(ended)),
            });
        }
        let collected = match collect(&job.target, upper.as_fd(), &view.workspace, self) {
            Ok(collected) => collected,
            Err(CollectError::Machine(error)) => return Err(content_error(error)),
            Err(CollectError::Action(diagnostic)) => {
                let diagnostic = located(job, diagnostic);
                return Err(ActionError::Failed {
                    diagnostic,
                    ended: Some(Box::new(ended)),
                });
            }
        };
        let strict = self.settings.undeclared_outputs == UndeclaredOutputs::Error;
        if strict && !collected.undeclared.is_empty() {
            let diagnostic = undeclared(&collected.undeclared);
            let diagnostic = located(job, diagnostic);
            return Err(ActionError::Failed {
                diagnostic,
                ended: Some(Box::new(ended)),
            });
        }
        drop(upper);
        drop(on_scratch.disk);
        Ok(ActionReport {
            finished: ended,
            collected,
        })
    }
}

impl OutputSink for Executor {
    fn keep(
        &self,
        file: std::fs::File,
        size: u64,
        executable: bool,
    ) -> Result<Digest, ContentError> {
        match self.settings.keep {
            Keep::InStore => match self.store.put_file(&file, size, executable) {
                Ok(digest) => Ok(digest),
                // The build is more important than the store.
                Err(_) => self.contents.keep(file, size, executable),
            },
            Keep::ForThisRun => self.contents.keep(file, size, executable),
        }
    }
}

/// A finished action, with the directory on disk that it used, if any.
struct OnScratch {
    finished: Finished,
    disk: Option<DiskScratch>,
}

/// A scratch directory on disk, removed when dropped.
struct DiskScratch(std::path::PathBuf);

impl Drop for DiskScratch {
    fn drop(&mut self) {
        // What cannot be removed is swept with the run's whole area.
        let _ = remove_scratch(&self.0);
    }
}

/// The trees of one action; they own what they borrow of the contents.
struct Staged {
    workspace: StagedTree,
    tools: StagedTree,
}

impl Staged {
    fn compose(contents: &Arc<Contents>, view: &JobView) -> Result<Staged, ContentError> {
        let list = |(name, bytes): &(String, Vec<u8>)| ExtraFile {
            path: format!("{LISTS}/{name}"),
            bytes: bytes.clone(),
        };
        let lists: Vec<ExtraFile> = view.environment.lists.iter().map(list).collect();
        let none = InputTree::default();
        let tools = if view.tools.is_empty() {
            &none
        } else {
            &view.tools
        };
        Ok(Staged {
            workspace: StagedTree::compose(contents, &view.workspace, &lists)?,
            tools: StagedTree::compose(contents, tools, &[])?,
        })
    }
}

fn describe_exit(job: &Job, exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("the action failed with exit code {code}"),
        Exit::Signal(signal) => format!("the action was killed by signal {signal}"),
        Exit::TimedOut => {
            let limit = job.target.timeout.unwrap_or_default();
            format!(
                "the action ran longer than its timeout of {} s and was ended",
                limit.as_secs_f64()
            )
        }
        Exit::NotExecuted(number) => {
            let reason = std::io::Error::from_raw_os_error(number);
            format!("the action's program cannot be executed: {reason}")
        }
    }
}

fn undeclared(paths: &[String]) -> Diagnostic {
    let shown: Vec<String> = paths
        .iter()
        .take(10)
        .map(|path| format!("`{path}`"))
        .collect();
    Diagnostic::error(format!("the action wrote {} undeclared files", paths.len()))
        .note(shown.join(", "))
        .hint("declare them in `outs`, write them to $TMPDIR, or set `undeclared_outputs = \"allow\"`")
}

fn failed(job: &Job, diagnostic: Diagnostic) -> ActionError {
    ActionError::Failed {
        diagnostic: located(job, diagnostic),
        ended: None,
    }
}

fn located(job: &Job, diagnostic: Diagnostic) -> Diagnostic {
    let diagnostic = diagnostic.on(&job.target.label);
    match &job.target.span {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn content_error(error: ContentError) -> ActionError {
    match error {
        ContentError::Lost(digest) => ActionError::Lost(digest),
        ContentError::SourceChanged { .. } => ActionError::Failed {
            diagnostic: Diagnostic::error(error.to_string())
                .hint("nothing was stored for it; run the build again"),
            ended: None,
        },
        ContentError::Fs(error) => ActionError::Machine(Diagnostic::error(error.to_string())),
    }
}

fn sandbox_error(error: SandboxError) -> ActionError {
    match error {
        SandboxError::Cancelled => ActionError::Cancelled,
        SandboxError::Spec(error) => ActionError::Failed {
            diagnostic: Diagnostic::error(error.to_string()),
            ended: None,
        },
        error => ActionError::Machine(Diagnostic::error(error.to_string())),
    }
}
