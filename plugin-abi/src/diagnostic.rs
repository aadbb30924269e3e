//! Messages to people: what failed, on what, why, and what to do.

use std::fmt;

use crate::{Focus, Label, SourceSpan};

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The build fails.
    Error,
    /// The build goes on in a degraded or doubtful way.
    Warning,
}

/// One message. Whoever shows it adds the source line and the caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in one line; the target's label is not repeated in it.
    pub message: String,
    /// The target it is about.
    pub label: Option<Label>,
    /// Where it stands.
    pub span: Option<SourceSpan>,
    /// What within the span it is about.
    pub focus: Option<Focus>,
    /// Further facts, one line or block each.
    pub notes: Vec<String>,
    /// What to do about it, one line each.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error with a message and nothing else yet.
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            label: None,
            span: None,
            focus: None,
            notes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// A warning with a message and nothing else yet.
    pub fn warning(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(message)
        }
    }

    /// Names the target; one named already stays.
    #[must_use]
    pub fn on(mut self, label: &Label) -> Diagnostic {
        self.label.get_or_insert_with(|| label.clone());
        self
    }

    /// Names the place; one named already stays.
    #[must_use]
    pub fn at(mut self, span: &SourceSpan) -> Diagnostic {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// Narrows the place; one narrowed already stays.
    #[must_use]
    pub fn focus(mut self, focus: Focus) -> Diagnostic {
        self.focus.get_or_insert(focus);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds an advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{}:{}:{}: ", span.file, span.line, span.column)?;
        }
        if let Some(label) = &self.label {
            write!(f, "{label}: ")?;
        }
        f.write_str(&self.message)
    }
}
