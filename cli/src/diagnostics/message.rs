//! One message to people, wherever it came from: the engine's diagnostics and
//! the command's own errors in one form. Knows nothing of how it is shown.

use kiln_plugin_abi::{Diagnostic, Focus, Label, Severity, SourceSpan};

use super::Excerpt;

/// Where the fault stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// In a file of the workspace, which is read when the message is shown.
    Workspace {
        /// The stretch of the file.
        span: SourceSpan,
        /// What within it.
        focus: Option<Focus>,
    },
    /// In a text at hand.
    Excerpt(Excerpt),
}

impl Place {
    /// File, line and column, the last two from 1.
    #[must_use]
    pub fn position(&self) -> (String, usize, usize) {
        match self {
            Place::Workspace { span, .. } => (
                span.file.to_string(),
                span.line as usize,
                span.column as usize,
            ),
            Place::Excerpt(excerpt) => {
                let (line, column) = excerpt.position();
                (excerpt.path.clone(), line, column)
            }
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong.
    pub text: String,
    /// The target it is about.
    pub label: Option<Label>,
    /// Where it stands.
    pub place: Option<Place>,
    /// Further facts.
    pub notes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Message {
    /// An error with nothing but its text yet.
    pub fn error(text: impl Into<String>) -> Message {
        Message {
            severity: Severity::Error,
            text: text.into(),
            label: None,
            place: None,
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Names the place.
    #[must_use]
    pub fn at(mut self, excerpt: Excerpt) -> Message {
        self.place = Some(Place::Excerpt(excerpt));
        self
    }

    /// Adds an advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Message {
        self.hints.push(hint.into());
        self
    }
}

impl From<Diagnostic> for Message {
    fn from(diagnostic: Diagnostic) -> Message {
        let focus = diagnostic.focus;
        Message {
            severity: diagnostic.severity,
            text: diagnostic.message,
            label: diagnostic.label,
            place: diagnostic.span.map(|span| Place::Workspace { span, focus }),
            notes: diagnostic.notes,
            hints: diagnostic.hints,
        }
    }
}
