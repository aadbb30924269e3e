//! What a string in `deps` names: a file of the package, or a target.

use crate::attributes::AttributeReader;
use crate::{
    Diagnostic, Focus, InputReference, Label, OutputReference, PathError, SyntaxError,
    WorkspacePath,
};

/// True for strings that are labels rather than paths.
pub(super) fn is_label(text: &str) -> bool {
    text.starts_with([':', '@']) || text.starts_with("//")
}

/// The one parameter of a built-in virtual target such as `@fs:file@path=x`.
fn virtual_parameter<'a>(
    label: &'a Label,
    package: &str,
    name: &str,
    key: &str,
) -> Option<&'a str> {
    let is_it = label.package().as_str() == package
        && label.name().as_str() == name
        && label.parameters().iter().count() == 1;
    is_it.then(|| label.parameters().get(key)).flatten()
}

/// The program that `@host:tool@name=…` names.
pub(super) fn host_tool(reference: &OutputReference) -> Option<&str> {
    virtual_parameter(&reference.label, "@host", "tool", "name")
}

impl AttributeReader<'_> {
    /// An error about one string literal of an attribute.
    pub(super) fn literal_error(&self, literal: &str, message: impl Into<String>) -> Diagnostic {
        self.spec()
            .error(message)
            .focus(Focus::Literal(literal.to_owned()))
    }

    /// Reads a label with an optional output group.
    pub(super) fn label(&self, text: &str) -> Result<OutputReference, Diagnostic> {
        OutputReference::parse(text, self.package()).map_err(|error| self.syntax_error(&error))
    }

    /// A parser's error about a literal, its excerpt and caret kept as a note.
    pub(super) fn syntax_error(&self, error: &SyntaxError) -> Diagnostic {
        let shown = error.to_string();
        let (headline, excerpt) = shown.split_once('\n').unwrap_or((&shown, ""));
        self.literal_error(&error.text, headline).note(excerpt)
    }

    /// Reads a member of `deps` or `runtime_deps`.
    pub(super) fn dependency(&self, text: &str) -> Result<InputReference, Diagnostic> {
        if !is_label(text) {
            return self.source_file(text).map(InputReference::File);
        }
        let reference = self.label(text)?;
        if reference.label.package().as_str() == "@host" {
            return Err(self
                .literal_error(text, format!("`{text}` is not a file to depend on"))
                .hint("name programs of the host in `tools`"));
        }
        match virtual_parameter(&reference.label, "@fs", "file", "path") {
            Some(path) if reference.group.is_none() => WorkspacePath::resolve("", path)
                .map(InputReference::File)
                .map_err(|error| self.literal_error(text, format!("`{path}`: {error}"))),
            _ => Ok(InputReference::Target(reference)),
        }
    }

    /// Reads a path relative to the package.
    fn source_file(&self, text: &str) -> Result<WorkspacePath, Diagnostic> {
        if text.ends_with('/') {
            return Err(self
                .literal_error(text, format!("`{text}` is a directory, not a file"))
                .hint(format!("take its files with `glob([\"{text}**\"])`")));
        }
        let directory = self.package().directory();
        WorkspacePath::resolve(directory.as_str(), text).map_err(|error| {
            let diagnostic = self.literal_error(text, format!("`{}`: {error}", printable(text)));
            match error {
                PathError::Leaves => diagnostic.hint(
                    "a file elsewhere is reached through a label: a target of its package, \
                     or `@fs:file@path=<path from the workspace root>`",
                ),
                PathError::Absolute => {
                    diagnostic.hint("paths are relative to the package; labels start with `//`")
                }
                _ => diagnostic,
            }
        })
    }
}

/// The text without control characters, for messages.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
