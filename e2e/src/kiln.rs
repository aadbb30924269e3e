//! One invocation of the binary: arguments, environment, directory, and the time after which it counts as hung.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{Run, Running, Workspace, kiln_binary};

/// Generous on purpose: it only tells a hang from a slow machine.
const HUNG_AFTER: Duration = Duration::from_secs(300);

/// A command that has not been started. `run` and `build` record their events unless started by other means.
#[must_use = "nothing runs until `run` or `spawn` is called"]
#[derive(Debug)]
pub struct Kiln {
    command: Command,
    arguments: Vec<OsString>,
    records: PathBuf,
    input: Option<PathBuf>,
    hung_after: Duration,
}

impl Kiln {
    pub(crate) fn new<S: AsRef<OsStr>>(
        workspace: &Workspace,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = Command::new(kiln_binary());
        command
            .current_dir(workspace.root())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", workspace.home())
            .env("XDG_CONFIG_HOME", workspace.home().join("config"))
            .env("XDG_CACHE_HOME", workspace.home().join("cache"))
            .env("KILN_CACHE_DIR", workspace.store())
            .process_group(0);
        let records = fresh_directory(workspace);
        Self {
            command,
            arguments: Vec::new(),
            records,
            input: None,
            hung_after: HUNG_AFTER,
        }
        .args(arguments)
    }

    /// Adds an argument.
    pub fn arg(self, argument: impl AsRef<OsStr>) -> Self {
        self.args([argument])
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(
            arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned()),
        );
        self
    }

    /// Sets a variable of the caller's environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable of the caller's environment.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Starts in a directory given relative to the workspace's root.
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        let root = self
            .command
            .get_current_dir()
            .expect("set in `new`")
            .to_owned();
        self.command.current_dir(root.join(directory));
        self
    }

    /// What the process reads from its standard input; without it, nothing.
    pub fn stdin(mut self, text: &str) -> Self {
        let path = self.records.join("stdin");
        std::fs::write(&path, text).expect("the kit's own directory is writable");
        self.input = Some(path);
        self
    }

    /// Counts as hung after this time instead of five minutes.
    pub fn hung_after(mut self, limit: Duration) -> Self {
        self.hung_after = limit;
        self
    }

    /// Starts it and waits for its end.
    #[track_caller]
    pub fn run(self) -> Run {
        self.spawn().finish()
    }

    /// Starts it and returns at once.
    ///
    /// # Panics
    /// When the binary cannot be started.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let builds = self
            .arguments
            .first()
            .is_some_and(|first| first == "run" || first == "build");
        let events = builds.then(|| self.records.join("events"));
        if let Some(path) = &events {
            self.command.arg("--events").arg(path);
        }
        let create = |name: &str| {
            File::create(self.records.join(name)).expect("the kit's own directory is writable")
        };
        let stdin = self.input.as_ref().map_or_else(Stdio::null, |path| {
            File::open(path).expect("just written").into()
        });
        self.command
            .args(&self.arguments)
            .stdin(stdin)
            .stdout(create("stdout"))
            .stderr(create("stderr"));
        let line = self.line();
        let child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        Running::new(child, line, self.records, events, self.hung_after)
    }

    /// The bare command, for a caller that starts and times it on its own.
    pub fn into_command(mut self) -> Command {
        self.command.args(self.arguments);
        self.command
    }

    fn line(&self) -> String {
        let words = std::iter::once(OsStr::new("kiln")).chain(self.command.get_args());
        words
            .map(OsStr::to_string_lossy)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A directory for what one invocation prints, outside of the workspace.
fn fresh_directory(workspace: &Workspace) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = workspace.outside("runs").join(number.to_string());
    std::fs::create_dir_all(&path).expect("the kit's own directory is writable");
    path
}
