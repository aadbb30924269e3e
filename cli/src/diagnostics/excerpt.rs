//! A marked stretch of a source text: the lines it touches and where in them.

use std::ops::Range;

use kiln_plugin_abi::{Focus, SourceSpan};

use super::focus;

/// Some lines of a file with a stretch of them marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The file, as people know it.
    pub path: String,
    /// Number of the first line shown, from 1.
    pub first_line: usize,
    /// The lines that the mark touches, without the last line end.
    pub lines: String,
    /// The mark, in bytes of `lines`; on character boundaries.
    pub mark: Range<usize>,
}

impl Excerpt {
    /// Marks `span`, a byte range of `source`; one that runs over several
    /// lines is cut at the end of its first.
    #[must_use]
    pub fn of_bytes(path: impl Into<String>, source: &str, span: Range<usize>) -> Excerpt {
        let start = floor_boundary(source, span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = source[line_start..].split('\n').next().unwrap_or("");
        let line = line.trim_end_matches('\r');
        let from = (start - line_start).min(line.len());
        let to = floor_boundary(source, span.end).saturating_sub(line_start);
        Excerpt {
            path: path.into(),
            first_line: source[..line_start].matches('\n').count() + 1,
            lines: line.to_owned(),
            mark: from..to.clamp(from, line.len()),
        }
    }

    /// Marks what `span` and `focus` mean in `source`; `None` when the text
    /// has no such place (it was changed meanwhile).
    #[must_use]
    pub fn of_span(span: &SourceSpan, focus: Option<&Focus>, source: &str) -> Option<Excerpt> {
        let start = offset(source, span.line, span.column)?;
        let end = offset(source, span.end_line, span.end_column)
            .unwrap_or(source.len())
            .max(start);
        let mark = focus
            .and_then(|focus| focus::find(&source[start..end], focus))
            .map(|found| start + found.start..start + found.end)
            .unwrap_or_else(|| start..first_word_or_line(source, start, end));
        Some(Excerpt::of_bytes(span.file.as_str(), source, mark))
    }

    /// Line and column of the mark, from 1, in characters.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let before = self.lines.get(..self.mark.start).unwrap_or("");
        (self.first_line, before.chars().count() + 1)
    }
}

/// The end of a mark that starts at `start`: the whole span when it is on one
/// line, else only its first word, which is enough to find it.
fn first_word_or_line(source: &str, start: usize, end: usize) -> usize {
    let span = &source[start..end];
    if !span.contains('\n') {
        return end;
    }
    let word = span
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(span.len());
    start + word.max(1).min(span.find('\n').unwrap_or(span.len()))
}

/// Byte offset of a line and column, both from 1; a column behind the end of
/// the line means its end.
fn offset(source: &str, line: u32, column: u32) -> Option<usize> {
    let skipped = usize::try_from(line.checked_sub(1)?).ok()?;
    let line_start = match skipped {
        0 => 0,
        _ => source.match_indices('\n').nth(skipped - 1)?.0 + 1,
    };
    let text = source[line_start..].split('\n').next().unwrap_or("");
    let column = usize::try_from(column.saturating_sub(1)).ok()?;
    let within = text
        .char_indices()
        .nth(column)
        .map_or(text.len(), |(at, _)| at);
    Some(line_start + within)
}

fn floor_boundary(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::WorkspacePath;

    use super::*;

    fn span(line: u32, column: u32, end_line: u32, end_column: u32) -> SourceSpan {
        SourceSpan {
            file: WorkspacePath::from_normalised("BUILD.kiln").unwrap(),
            line,
            column,
            end_line,
            end_column,
        }
    }

    fn marked(excerpt: &Excerpt) -> (&str, (usize, usize)) {
        (&excerpt.lines[excerpt.mark.clone()], excerpt.position())
    }

    #[test]
    fn a_span_of_one_line_is_marked_whole() {
        let excerpt = Excerpt::of_span(&span(2, 3, 2, 6), None, "x\nü=abc\r\ny").unwrap();
        assert_eq!(marked(&excerpt), ("abc", (2, 3)));
        assert_eq!(excerpt.lines, "ü=abc");
    }

    #[test]
    fn of_a_span_of_many_lines_the_first_word_is_marked() {
        let source = "\ntarget(\n  name = \"a\",\n)\n";
        let excerpt = Excerpt::of_span(&span(2, 1, 4, 2), None, source).unwrap();
        assert_eq!(marked(&excerpt), ("target", (2, 1)));
    }

    #[test]
    fn the_focus_narrows_the_span() {
        let source = "target(\n  name = \"a\",\n  deps = [\"b\"],\n)\n";
        let focus = Focus::Literal("b".into());
        let excerpt = Excerpt::of_span(&span(1, 1, 4, 2), Some(&focus), source).unwrap();
        assert_eq!(marked(&excerpt), ("\"b\"", (3, 11)));
    }

    #[test]
    fn places_that_the_text_does_not_have_do_no_harm() {
        assert_eq!(Excerpt::of_span(&span(9, 1, 9, 2), None, "one\n"), None);
        let behind = Excerpt::of_span(&span(1, 99, 1, 100), None, "one\n").unwrap();
        assert_eq!(marked(&behind), ("", (1, 4)));
        assert_eq!(Excerpt::of_bytes("f", "ü", 1..900).mark, 0..2);
        assert_eq!(Excerpt::of_bytes("f", "", 5..9).mark, 0..0);
    }
}
