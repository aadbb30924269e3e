//! Why a request could not be fulfilled, in the classes that exit codes know.

use kiln_plugin_abi::Diagnostic;

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// A target failed, or a BUILD file or the graph is faulty.
    Build,
    /// What was typed makes no sense: a malformed label or expression.
    Usage,
    /// Nothing has the name that was typed.
    NothingMatched,
    /// The caller cancelled.
    Interrupted,
    /// The machine does not offer what is needed: space, permission, isolation.
    Environment,
    /// Kiln itself is at fault.
    Internal,
}

/// A class with the messages that explain it.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What exit code it deserves.
    pub kind: FailureKind,
    /// At least one message.
    pub diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// A failure with one message.
    #[must_use]
    pub fn new(kind: FailureKind, diagnostic: Diagnostic) -> Failure {
        Failure {
            kind,
            diagnostics: vec![diagnostic],
        }
    }

    /// A failure of Kiln itself, where an invariant did not hold.
    pub fn internal(message: impl Into<String>) -> Failure {
        let diagnostic = Diagnostic::error(message)
            .hint("this is a defect of Kiln; please report it with the command that led here");
        Failure::new(FailureKind::Internal, diagnostic)
    }

    /// A failure of the machine or its file systems.
    pub fn environment(error: &impl std::fmt::Display) -> Failure {
        Failure::new(
            FailureKind::Environment,
            Diagnostic::error(error.to_string()),
        )
    }
}

impl From<crate::sys::fs::FsError> for Failure {
    fn from(error: crate::sys::fs::FsError) -> Failure {
        Failure::environment(&error)
    }
}

/// The result of a stage.
pub type Outcome<T> = Result<T, Failure>;
