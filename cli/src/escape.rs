//! Makes foreign text safe for a terminal: nothing but printable characters,
//! tabs and line ends gets through, everything else is spelled out.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with control and direction-changing characters spelled out. Line
/// ends and tabs stay; a carriage return in front of a line end goes.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            _ if is_unsafe(c) => spell_out(&mut safe, c),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// As [`text()`], for what must stay on one line: line ends and tabs are
/// spelled out as well.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| is_unsafe(c) || matches!(c, '\n' | '\t')) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\t' => safe.push_str("\\t"),
            _ if is_unsafe(c) => spell_out(&mut safe, c),
            _ => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// As [`text()`], for bytes in any encoding.
#[must_use]
pub fn bytes(bytes: &[u8]) -> String {
    text(&String::from_utf8_lossy(bytes)).into_owned()
}

fn spell_out(safe: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = if code < 0x100 {
        write!(safe, "\\x{code:02x}")
    } else {
        write!(safe, "\\u{{{code:x}}}")
    };
}

/// True for control characters other than line end and tab, and for the marks
/// that reorder or break displayed text.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_spelled_out_and_ordinary_text_is_untouched() {
        assert!(matches!(text("plain ü\n\tx"), Cow::Borrowed(_)));
        assert_eq!(text("\u{1b}[31mred\u{7}"), "\\x1b[31mred\\x07");
        assert_eq!(text("a\u{9b}1mb"), "a\\x9b1mb");
        assert_eq!(text("abc\u{202e}cba"), "abc\\u{202e}cba");
    }

    #[test]
    fn windows_line_ends_become_line_ends_and_lone_returns_show() {
        assert_eq!(text("a\r\nb\rc"), "a\nb\\x0dc");
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(line("a\nb\tc"), "a\\nb\\tc");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(bytes(b"a\xffb\x1b"), "a\u{fffd}b\\x1b");
    }
}
