//! What one invocation works with: workspace, configuration, terminal, and the
//! engine made of them. Nothing is opened before it is needed.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiln_engine::engine::Engine;
use kiln_engine::events::{Event, EventSink};
use kiln_engine::request::EngineConfig;

use crate::arguments::{Invocation, OutputForm, Records, Verbosity};
use crate::configuration::{self, Configuration, Sources};
use crate::diagnostics::{Message, Renderer};
use crate::environment::Environment;
use crate::exit::CommandError;
use crate::reporting::Reporting;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Threads that wait for processes and timers; the engine has pools of its own
/// for work.
const WAITING_THREADS: usize = 2;

/// The surroundings of one command.
#[derive(Debug)]
pub struct Session {
    /// What the process was started with.
    pub environment: Environment,
    /// What stderr can show.
    pub terminal: Terminal,
    /// How much is said.
    pub verbosity: Verbosity,
    /// What stdout carries.
    pub form: OutputForm,
    /// `-j`.
    jobs: Option<usize>,
    /// Files to record the build in.
    records: Records,
    /// The directory the process was started in.
    pub current: PathBuf,
    /// The directory `-C` names, else the current one.
    pub directory: PathBuf,
}

impl Session {
    /// The session of an invocation, and what is left to do in it.
    ///
    /// # Errors
    /// Exit 36 without a current directory, exit 2 without the one of `-C`.
    pub fn new(
        environment: Environment,
        terminal: Terminal,
        invocation: &Invocation,
    ) -> Result<Session, CommandError> {
        let current = Environment::current_directory().map_err(|error| {
            let text = format!("the current directory cannot be found: {error}");
            CommandError::environment(Message::error(text).hint("`cd` to a directory that exists"))
        })?;
        let directory = match &invocation.directory {
            None => current.clone(),
            Some(directory) => enter(&current.join(directory))?,
        };
        Ok(Session {
            environment,
            terminal,
            verbosity: invocation.verbosity,
            form: invocation.form,
            jobs: invocation.jobs,
            records: invocation.records.clone(),
            current,
            directory,
        })
    }

    /// The workspace.
    ///
    /// # Errors
    /// Exit 2 when there is none.
    pub fn workspace(&self) -> Result<Workspace, CommandError> {
        Workspace::require(&self.directory)
    }

    /// The effective configuration, also outside of any workspace.
    ///
    /// # Errors
    /// Exit 2 when it is faulty.
    pub fn configuration(
        &self,
        workspace: Option<&Workspace>,
    ) -> Result<Configuration, CommandError> {
        configuration::load(&Sources {
            environment: &self.environment,
            workspace: workspace.map(|workspace| workspace.root.as_path()),
            jobs: self.jobs,
        })
    }

    /// Shows messages; with source lines when there is a workspace.
    #[must_use]
    pub fn renderer(&self, workspace: Option<&Path>) -> Renderer {
        let renderer = Renderer::new(self.terminal.colour, self.terminal.width);
        match workspace {
            Some(root) => renderer.with_workspace(root),
            None => renderer,
        }
    }

    /// Everything that follows a build.
    ///
    /// # Errors
    /// Exit 36 when a record cannot be created.
    pub fn reporting(&self, workspace: &Workspace) -> Result<Arc<Reporting>, CommandError> {
        let renderer = self.renderer(Some(&workspace.root));
        let reporting = Reporting::open(&self.records, self.terminal, self.verbosity, renderer)?;
        Ok(Arc::new(reporting))
    }

    /// The root of the user's store.
    ///
    /// # Errors
    /// Exit 36 when nothing says where it is.
    pub fn store_root(&self) -> Result<PathBuf, CommandError> {
        self.environment.store_root(&self.current).ok_or_else(|| {
            let message = Message::error("nothing says where the store is: HOME is not set");
            CommandError::environment(message.hint("set HOME, or KILN_CACHE_DIR to a directory"))
        })
    }

    /// The engine for `workspace`.
    ///
    /// # Errors
    /// Exit 2 when the configuration is faulty, exit 36 when the machine does
    /// not play along.
    pub fn engine(
        &self,
        workspace: &Workspace,
        events: Arc<dyn EventSink>,
    ) -> Result<Engine, CommandError> {
        let configuration = self.configuration(Some(workspace))?;
        self.engine_at(workspace.root.clone(), &configuration, events)
    }

    /// An engine for commands that concern only the store and the machine,
    /// which work outside of a workspace as well.
    ///
    /// # Errors
    /// As [`Session::engine`].
    pub fn storekeeper(&self) -> Result<Engine, CommandError> {
        let workspace = Workspace::find(&self.directory);
        let configuration = self.configuration(workspace.as_ref())?;
        let root = workspace.map_or_else(|| self.directory.clone(), |workspace| workspace.root);
        self.engine_at(root, &configuration, Arc::new(Silent))
    }

    fn engine_at(
        &self,
        root: PathBuf,
        configuration: &Configuration,
        events: Arc<dyn EventSink>,
    ) -> Result<Engine, CommandError> {
        let config = EngineConfig {
            workspace: root,
            store: self.store_root()?,
            jobs: configuration.jobs.value,
            build_files: configuration.files.value.clone(),
            ignore: configuration.ignore.value.clone(),
            environment: self.environment.variables().clone(),
            sandbox: configuration.sandbox(),
            cache: configuration.cache(),
        };
        let (providers, drivers) = (kiln_builtins::providers(), kiln_builtins::drivers());
        Ok(Engine::new(config, providers, drivers, events)?)
    }
}

/// For requests that tell nothing while they run.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl EventSink for Silent {
    fn emit(&self, _: &Event) {}
}

/// Runs `work` to its end on a runtime made for it.
///
/// # Errors
/// Exit 36 when no thread can be started.
pub fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WAITING_THREADS)
        .enable_all()
        .build()
        .map_err(|error| {
            let text = format!("cannot start threads: {error}");
            CommandError::environment(Message::error(text))
        })?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(result)
}

/// The absolute path of the directory that `-C` names.
fn enter(directory: &Path) -> Result<PathBuf, CommandError> {
    let refuse = |why: String| {
        let text = format!("cannot enter {}: {why}", directory.display());
        CommandError::usage(Message::error(text))
    };
    let path = directory
        .canonicalize()
        .map_err(|error| refuse(error.to_string()))?;
    if path.is_dir() {
        Ok(path)
    } else {
        Err(refuse("it is not a directory".to_owned()))
    }
}
