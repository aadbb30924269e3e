//! A target as it was declared.

use std::collections::BTreeMap;

use crate::{Diagnostic, Focus, Label, SourceSpan, Value};

/// What a provider says of a target: its attributes as written. Relative
/// strings in them are relative to the label's package.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetSpec {
    /// The target's name.
    pub label: Label,
    /// The driver that gives the attributes their meaning.
    pub driver: String,
    /// Attributes other than `name` and `driver`.
    pub attributes: BTreeMap<String, Value>,
    /// Where it is declared; `None` for targets that no file declares.
    pub span: Option<SourceSpan>,
}

impl TargetSpec {
    /// An error on this target, at its declaration.
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        let diagnostic = Diagnostic::error(message).on(&self.label);
        match &self.span {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        }
    }

    /// An error about one attribute of this target.
    pub fn attribute_error(&self, attribute: &str, message: impl Into<String>) -> Diagnostic {
        self.error(message)
            .focus(Focus::Attribute(attribute.to_owned()))
    }
}
