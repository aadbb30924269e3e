//! Exit codes and the errors that lead to them.

use kiln_engine::failure::{Failure, FailureKind};

use crate::diagnostics::Message;

/// The exit codes of `kiln`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A target, a BUILD file or the graph is at fault.
    Build = 1,
    /// The command line, the workspace or the configuration makes no sense.
    Usage = 2,
    /// Nothing has the name that was typed.
    NothingMatched = 4,
    /// SIGINT or SIGTERM.
    Interrupted = 8,
    /// The machine does not offer what is needed.
    Environment = 36,
    /// Kiln itself is at fault.
    Internal = 37,
}

impl Exit {
    /// The number the process exits with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<FailureKind> for Exit {
    fn from(kind: FailureKind) -> Exit {
        match kind {
            FailureKind::Build => Exit::Build,
            FailureKind::Usage => Exit::Usage,
            FailureKind::NothingMatched => Exit::NothingMatched,
            FailureKind::Interrupted => Exit::Interrupted,
            FailureKind::Environment => Exit::Environment,
            FailureKind::Internal => Exit::Internal,
        }
    }
}

/// Why a command could not do its work: what to say, and what to exit with.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandError {
    /// The code.
    pub exit: Exit,
    /// At least one message, shown in this order.
    pub messages: Vec<Message>,
}

impl CommandError {
    /// An error with one message.
    #[must_use]
    pub fn new(exit: Exit, message: Message) -> CommandError {
        CommandError {
            exit,
            messages: vec![message],
        }
    }

    /// A bad command line, workspace or configuration.
    #[must_use]
    pub fn usage(message: Message) -> CommandError {
        CommandError::new(Exit::Usage, message)
    }

    /// A machine that does not play along.
    #[must_use]
    pub fn environment(message: Message) -> CommandError {
        CommandError::new(Exit::Environment, message)
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> CommandError {
        CommandError {
            exit: failure.kind.into(),
            messages: failure.diagnostics.into_iter().map(Message::from).collect(),
        }
    }
}

impl From<kiln_plugin_abi::SyntaxError> for CommandError {
    fn from(error: kiln_plugin_abi::SyntaxError) -> CommandError {
        CommandError::usage(Message::error(error.to_string()))
    }
}
