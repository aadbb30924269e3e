//! Turns messages into text in the manner of rustc: title, place, source line
//! with a caret, notes, hints. Everything foreign is made safe for terminals.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Snippet};
use kiln_plugin_abi::{Severity, SourceSpan};

use super::{Excerpt, Message, Place};
use crate::escape;

/// Source files larger than this are not read for an excerpt.
const LARGEST_SOURCE: u64 = 16 << 20;

/// Longest source line shown with a caret, in bytes; of a longer one only the
/// place is named.
const LONGEST_LINE: usize = 4096;

/// Shows messages. Cheap to make and to clone.
#[derive(Debug, Clone)]
pub struct Renderer {
    colour: bool,
    width: usize,
    workspace: Option<PathBuf>,
}

impl Renderer {
    /// A renderer for a terminal of `width` columns.
    #[must_use]
    pub fn new(colour: bool, width: usize) -> Renderer {
        Renderer {
            colour,
            width: width.max(40),
            workspace: None,
        }
    }

    /// Reads the source files of messages below `root` from now on.
    #[must_use]
    pub fn with_workspace(mut self, root: &Path) -> Renderer {
        self.workspace = Some(root.to_owned());
        self
    }

    /// The message as text that ends with a line end.
    #[must_use]
    pub fn render(&self, message: &Message) -> String {
        let level = match message.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = match &message.label {
            Some(label) => format!("{label}: {}", message.text),
            None => message.text.clone(),
        };
        let title = level.primary_title(escape::text(&title).into_owned());
        let mut elements: Vec<Element<'_>> = Vec::new();
        match self.place(message.place.as_ref()) {
            Shown::Nothing => {}
            Shown::Excerpt(excerpt) => elements.push(snippet(&excerpt).into()),
            Shown::Position((path, line, column)) => {
                let path = escape::line(&path).into_owned();
                elements.push(Origin::path(path).line(line).char_column(column).into());
            }
        }
        for note in &message.notes {
            let note = escape::text(note).into_owned();
            elements.push(Level::NOTE.message(note).into());
        }
        for hint in &message.hints {
            let hint = escape::text(hint).into_owned();
            elements.push(Level::HELP.with_name("hint").message(hint).into());
        }
        let mut text = self.snippets().render(&[title.elements(elements)]);
        text.push('\n');
        text
    }

    fn snippets(&self) -> annotate_snippets::Renderer {
        let renderer = if self.colour {
            annotate_snippets::Renderer::styled()
        } else {
            annotate_snippets::Renderer::plain()
        };
        renderer.term_width(self.width)
    }

    fn place(&self, place: Option<&Place>) -> Shown {
        let Some(place) = place else {
            return Shown::Nothing;
        };
        let excerpt = match place {
            Place::Excerpt(excerpt) => Some(excerpt.clone()),
            Place::Workspace { span, focus } => self
                .read(span)
                .and_then(|source| Excerpt::of_span(span, focus.as_ref(), &source)),
        };
        match excerpt {
            Some(excerpt) if excerpt.lines.len() <= LONGEST_LINE => Shown::Excerpt(excerpt),
            _ => Shown::Position(place.position()),
        }
    }

    fn read(&self, span: &SourceSpan) -> Option<String> {
        let path = self.workspace.as_ref()?.join(span.file.as_str());
        let mut bytes = Vec::new();
        // A FIFO would block, a device never end.
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?;
        file.take(LARGEST_SOURCE).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// How the place of a message is shown.
enum Shown {
    Nothing,
    Excerpt(Excerpt),
    /// A file with line and column, of which nothing can be shown.
    Position((String, usize, usize)),
}

fn snippet(excerpt: &Excerpt) -> Snippet<'static, annotate_snippets::Annotation<'static>> {
    let (start, end) = (excerpt.mark.start, excerpt.mark.end);
    let before = one_for_one(&excerpt.lines[..start]);
    let marked = one_for_one(&excerpt.lines[start..end]);
    let after = one_for_one(&excerpt.lines[end..]);
    let mark = before.len()..before.len() + marked.len();
    Snippet::source(before + &marked + &after)
        .line_start(excerpt.first_line)
        .path(escape::line(&excerpt.path).into_owned())
        .annotation(AnnotationKind::Primary.span(mark))
}

/// `text` made safe without moving what follows on the screen.
fn one_for_one(text: &str) -> String {
    let replace = |c| match c {
        c if escape::is_unsafe(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::{Diagnostic, Focus, Label, PackagePath, WorkspacePath};

    use super::*;

    fn span(line: u32, column: u32, end_line: u32) -> SourceSpan {
        SourceSpan {
            file: WorkspacePath::from_normalised("p/BUILD.kiln").unwrap(),
            line,
            column,
            end_line,
            end_column: 2,
        }
    }

    fn workspace(build: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("p")).unwrap();
        std::fs::write(root.path().join("p/BUILD.kiln"), build).unwrap();
        root
    }

    fn render(root: &Path, diagnostic: Diagnostic) -> String {
        Renderer::new(false, 100)
            .with_workspace(root)
            .render(&diagnostic.into())
    }

    #[test]
    fn a_diagnostic_shows_place_line_caret_note_and_hint() {
        let root = workspace("target(\n    name = \"a\",\n    dep = [],\n)\n");
        let label = Label::parse("//p:a", &PackagePath::root()).unwrap();
        let diagnostic = Diagnostic::error("unknown attribute `dep`")
            .on(&label)
            .at(&span(1, 1, 4))
            .focus(Focus::Attribute("dep".into()))
            .note("the driver is `sh`")
            .hint("did you mean `deps`?");
        assert_eq!(
            render(root.path(), diagnostic),
            "\
error: //p:a: unknown attribute `dep`
 --> p/BUILD.kiln:3:5
  |
3 |     dep = [],
  |     ^^^
  |
  = note: the driver is `sh`
  = hint: did you mean `deps`?
"
        );
    }

    #[test]
    fn without_the_file_the_place_is_still_named() {
        let root = tempfile::tempdir().unwrap();
        let diagnostic = Diagnostic::error("gone").at(&span(3, 7, 3));
        assert_eq!(
            render(root.path(), diagnostic),
            "error: gone\n--> p/BUILD.kiln:3:7\n"
        );
    }

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        let root = workspace("x = '\u{1b}[31m\u{9b}'\n");
        let diagnostic = Diagnostic::error("bad \u{1b}]0;title\u{7}")
            .at(&span(1, 1, 1))
            .note("n\u{1b}c")
            .hint("h\u{202e}");
        let text = render(root.path(), diagnostic);
        let unsafe_character = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(unsafe_character), "{text:?}");
    }

    #[test]
    fn an_endless_line_is_named_but_not_shown() {
        let root = workspace(&"x".repeat(1 << 20));
        let text = render(root.path(), Diagnostic::error("long").at(&span(1, 1, 1)));
        assert!(text.contains("p/BUILD.kiln:1:1"), "{text}");
        assert!(text.len() < 200, "{}", text.len());
    }
}
