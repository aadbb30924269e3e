//! What can go wrong between the engine and a running action.
//!
//! Why user namespaces are refused, and the cure, is found by `unavailable`.

use std::fmt;
use std::path::PathBuf;

use super::unavailable::SandboxUnavailable;

/// A step of building a sandbox, as named in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Step {
    /// Reading the forkserver's configuration.
    Configuration = 0,
    /// Entering a new user namespace, with mount, IPC and UTS namespaces.
    UserNamespace,
    /// Mapping the caller's ids to 1000.
    IdMap,
    /// Fixing limits, signals, capabilities and the host name.
    Confinement,
    /// Taking a path of the host into the template root.
    HostPath,
    /// Mounting a tmpfs.
    Tmpfs,
    /// Creating a file or directory in the template root.
    TemplateFile,
    /// Attaching a mount to the template root.
    Attach,
    /// Changing the root directory.
    PivotRoot,
    /// Installing the system call filter.
    SystemCallFilter,
    /// Creating an action's namespaces.
    Namespaces,
    /// Joining or configuring the network namespace.
    Network,
    /// Reading the action's order.
    Order,
    /// Preparing the action's scratch directories.
    Scratch,
    /// Mounting the overlay of the action's inputs.
    Overlay,
    /// Mounting the action's tools.
    Tools,
    /// Binding a directory of the action's scratch into its root.
    Bind,
    /// Mounting `/proc`.
    Proc,
    /// Starting the action's process.
    Process,
    /// Entering the action's working directory.
    WorkingDirectory,
}

impl Step {
    const ALL: [Step; 20] = [
        Step::Configuration,
        Step::UserNamespace,
        Step::IdMap,
        Step::Confinement,
        Step::HostPath,
        Step::Tmpfs,
        Step::TemplateFile,
        Step::Attach,
        Step::PivotRoot,
        Step::SystemCallFilter,
        Step::Namespaces,
        Step::Network,
        Step::Order,
        Step::Scratch,
        Step::Overlay,
        Step::Tools,
        Step::Bind,
        Step::Proc,
        Step::Process,
        Step::WorkingDirectory,
    ];

    pub(super) fn from_byte(byte: u8) -> Option<Step> {
        Step::ALL.get(usize::from(byte)).copied()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Step::Configuration => "read the configuration of the forkserver",
            Step::UserNamespace => "create a user namespace",
            Step::IdMap => "map user and group ids",
            Step::Confinement => "fix limits and privileges",
            Step::HostPath => "take a path of the host into the sandbox",
            Step::Tmpfs => "mount a tmpfs",
            Step::TemplateFile => "create a file of the sandbox's root",
            Step::Attach => "attach a mount to the sandbox's root",
            Step::PivotRoot => "change the root directory",
            Step::SystemCallFilter => "install the system call filter",
            Step::Namespaces => "create the namespaces of an action",
            Step::Network => "prepare the network namespace",
            Step::Order => "read the order of an action",
            Step::Scratch => "prepare the scratch directories",
            Step::Overlay => "mount the overlay of the inputs",
            Step::Tools => "mount the tools",
            Step::Bind => "bind a scratch directory",
            Step::Proc => "mount /proc",
            Step::Process => "start the process",
            Step::WorkingDirectory => "enter the working directory",
        })
    }
}

/// A step that the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError {
    /// What was tried.
    pub step: Step,
    /// The error number of the kernel's answer.
    pub errno: i32,
    /// The path it was tried on; empty when there is none.
    pub subject: String,
}

impl SetupError {
    pub(super) fn new(step: Step, errno: rustix::io::Errno) -> Self {
        SetupError {
            step,
            errno: errno.raw_os_error(),
            subject: String::new(),
        }
    }

    pub(super) fn on(step: Step, subject: impl Into<String>, errno: rustix::io::Errno) -> Self {
        SetupError {
            subject: subject.into(),
            ..SetupError::new(step, errno)
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot {}", self.step)?;
        if !self.subject.is_empty() {
            write!(formatter, " ({})", self.subject)?;
        }
        let reason = std::io::Error::from_raw_os_error(self.errno);
        write!(formatter, ": {reason}")
    }
}

impl std::error::Error for SetupError {}

/// Why an action did not run to an end in its sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// What the machine offers is not enough; found only when the action was
    /// set up.
    #[error(transparent)]
    Unavailable(#[from] SandboxUnavailable),
    /// The kernel refused a step of the action's set-up.
    #[error("cannot set up the sandbox: {0}")]
    Setup(#[source] SetupError),
    /// The spec cannot be executed on any machine.
    #[error("{0}")]
    Spec(#[from] SpecError),
    /// The caller cancelled the action; all its processes are gone.
    #[error("cancelled")]
    Cancelled,
    /// The sandbox's own process ended without a report.
    #[error("the sandbox of the action was killed from outside")]
    Died,
    /// The engine's side of a pipe or socket failed.
    #[error("cannot {operation} of the sandbox: {source}")]
    Io {
        /// What was tried, as a verb and its object.
        operation: &'static str,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
}

impl SandboxError {
    pub(super) fn io(operation: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| SandboxError::Io { operation, source }
    }
}

/// What is wrong with a [`super::SandboxSpec`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// There is no program to run.
    #[error("the command is empty")]
    EmptyCommand,
    /// An argument or a variable holds a NUL byte.
    #[error("{0} holds a NUL byte")]
    Nul(String),
    /// One argument or variable is longer than Linux takes.
    #[error(
        "{what} has {bytes} bytes, and Linux takes at most {limit} in one string; pass it in a file"
    )]
    TooLong {
        /// Which argument or variable.
        what: String,
        /// Its length.
        bytes: usize,
        /// What Linux takes.
        limit: usize,
    },
    /// Arguments and environment together are more than Linux takes.
    #[error(
        "the command line and the environment have {bytes} bytes together, and Linux takes at most {limit}; pass lists in files"
    )]
    ArgumentsTooLong {
        /// Their length with separators and pointers.
        bytes: usize,
        /// What Linux takes.
        limit: usize,
    },
    /// A path leaves the directory that it is relative to.
    #[error("the sandbox path {0:?} is not a plain relative path")]
    BadPath(String),
    /// A layer or scratch directory lies in none of the configured disk roots.
    #[error("{} lies in none of the sandbox's disk roots", .0.display())]
    OutsideDiskRoots(PathBuf),
    /// More layers than one overlay takes.
    #[error("{0} layers do not fit one overlay; merge them first")]
    TooManyLayers(usize),
}
