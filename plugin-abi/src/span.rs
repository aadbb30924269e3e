//! Places in source files, for messages.

use crate::WorkspacePath;

/// A stretch of a source file. Lines and columns count from 1; columns count
/// characters; the end is exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// The file.
    pub file: WorkspacePath,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the character behind the last.
    pub end_line: u32,
    /// Column of the character behind the last.
    pub end_column: u32,
}

/// What within a span a message is about. Whoever renders the message narrows
/// the span to it; when it is not found there, the span's start stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Focus {
    /// The keyword argument of this name.
    Attribute(String),
    /// The string literal with this value.
    Literal(String),
}
