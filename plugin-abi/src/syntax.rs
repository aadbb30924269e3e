//! Errors of the small languages people type (labels, patterns), with the
//! offending character.

use std::fmt;

/// Widest excerpt of the text shown in an error, in characters.
const EXCERPT: usize = 72;

/// Text that does not parse, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What was being parsed: "label", "pattern", "query".
    pub what: &'static str,
    /// The whole text.
    pub text: String,
    /// Byte offset of the offending character; may be the text's length.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl SyntaxError {
    /// An error at byte `offset` of `text`.
    pub fn new(
        what: &'static str,
        text: &str,
        offset: usize,
        message: impl Into<String>,
    ) -> SyntaxError {
        SyntaxError {
            what,
            text: text.to_owned(),
            offset: offset.min(text.len()),
            message: message.into(),
        }
    }

    /// The excerpt around the offending character and the caret's column in it.
    fn excerpt(&self) -> (String, usize) {
        let before: Vec<char> = self
            .text
            .char_indices()
            .take_while(|(at, _)| *at < self.offset)
            .map(|(_, c)| printable(c))
            .collect();
        let after = self
            .text
            .char_indices()
            .skip_while(|(at, _)| *at < self.offset)
            .map(|(_, c)| printable(c));
        let skipped = before.len().saturating_sub(EXCERPT / 2);
        let mut shown: String = if skipped > 0 {
            "…".into()
        } else {
            String::new()
        };
        shown.extend(&before[skipped..]);
        let column = shown.chars().count();
        let mut rest = after.peekable();
        shown.extend(rest.by_ref().take(EXCERPT / 2));
        if rest.peek().is_some() {
            shown.push('…');
        }
        (shown, column)
    }
}

/// Control characters must never reach a terminal raw.
fn printable(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (excerpt, column) = self.excerpt();
        writeln!(f, "invalid {}: {}", self.what, self.message)?;
        writeln!(f, "  {excerpt}")?;
        write!(f, "  {:column$}^", "")
    }
}

impl std::error::Error for SyntaxError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_offending_character() {
        let error = SyntaxError::new("label", "//a//b", 4, "empty segment");
        assert_eq!(
            error.to_string(),
            "invalid label: empty segment\n  //a//b\n      ^"
        );
    }

    #[test]
    fn a_long_text_is_cut_around_the_caret() {
        let text = "x".repeat(10_000);
        let shown = SyntaxError::new("label", &text, 5_000, "too long").to_string();
        assert!(
            shown.lines().all(|line| line.chars().count() < 80),
            "{shown}"
        );
    }

    #[test]
    fn control_characters_are_not_printed() {
        let shown = SyntaxError::new("label", "//a\u{1b}[31m", 3, "control").to_string();
        assert!(!shown.contains('\u{1b}'));
    }
}
