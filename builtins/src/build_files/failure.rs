//! From Starlark's errors to diagnostics, and back through its call stack.

use std::fmt;

use kiln_plugin_abi::{Diagnostic, SourceSpan, WorkspacePath};
use starlark::ErrorKind;
use starlark::codemap::FileSpan;
use starlark::errors::Frame;

use super::evaluation::{CALL_DEPTH, too_much_memory};

/// Calls shown of a deep stack, at each end.
const FRAMES_SHOWN: usize = 4;

/// A finished diagnostic on its way through the evaluator.
#[derive(Debug)]
pub(super) struct Reported(pub Diagnostic);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Reported {}

/// Sends a diagnostic through the evaluator.
pub(super) fn report(diagnostic: Diagnostic) -> starlark::Error {
    starlark::Error::new_native(Reported(diagnostic))
}

/// Starlark counts lines and columns from 0.
pub(super) fn source_span(span: &FileSpan) -> SourceSpan {
    let resolved = span.resolve_span();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX - 1) + 1;
    SourceSpan {
        file: WorkspacePath::from_normalised(span.filename()).unwrap_or_else(WorkspacePath::root),
        line: count(resolved.begin.line),
        column: count(resolved.begin.column),
        end_line: count(resolved.end.line),
        end_column: count(resolved.end.column),
    }
}

/// The message, exact place and call stack of an error.
pub(super) fn diagnostic_of(error: &starlark::Error) -> Diagnostic {
    let reported = match error.kind() {
        ErrorKind::Native(inner) | ErrorKind::Other(inner) => inner.downcast_ref::<Reported>(),
        _ => None,
    };
    let mut diagnostic = match reported {
        Some(Reported(diagnostic)) => diagnostic.clone(),
        None => message_of(error),
    };
    if diagnostic.span.is_some() {
        return diagnostic;
    }
    diagnostic.message = printable(&diagnostic.message);
    let frames = error.call_stack().clone().into_frames();
    let innermost = frames
        .iter()
        .rev()
        .find_map(|frame| frame.location.as_ref());
    let place = error.span().or(innermost).map(source_span);
    if let Some(place) = &place {
        diagnostic = diagnostic.at(place);
    }
    for note in calls(&frames, place.as_ref()) {
        diagnostic = diagnostic.note(note);
    }
    diagnostic
}

fn message_of(error: &starlark::Error) -> Diagnostic {
    let text = error.without_diagnostic().to_string();
    match error.kind() {
        ErrorKind::StackOverflow(_) => {
            Diagnostic::error(format!("calls are nested deeper than {CALL_DEPTH}"))
                .hint("a function that calls itself must come to an end")
        }
        _ if text.starts_with("Heap memory limit") => too_much_memory(),
        _ if text.starts_with("Execution duration limit") => {
            Diagnostic::error("the file takes too long to evaluate")
                .hint("it may make ten million calls and loop rounds")
        }
        _ => {
            let text = text.strip_prefix("Parse error: ").unwrap_or(&text);
            Diagnostic::error(text)
        }
    }
}

/// One line without control characters, at most a few hundred long.
fn printable(text: &str) -> String {
    const LONGEST: usize = 500;
    let mut line: String = text
        .trim()
        .chars()
        .take(LONGEST)
        .map(|c| match c {
            '\n' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

/// The calls that led to `place`, innermost first.
fn calls(frames: &[Frame], place: Option<&SourceSpan>) -> Vec<String> {
    let lines: Vec<String> = frames
        .iter()
        .rev()
        .filter_map(|frame| {
            let caller = source_span(frame.location.as_ref()?);
            // The call of a built-in function is the place itself.
            (Some(&caller) != place).then(|| called_from(&frame.name, &caller))
        })
        .collect();
    if lines.len() <= 2 * FRAMES_SHOWN + 1 {
        return lines;
    }
    let left_out = lines.len() - 2 * FRAMES_SHOWN;
    let mut shown = lines[..FRAMES_SHOWN].to_vec();
    shown.push(format!("… {left_out} more calls"));
    shown.extend_from_slice(&lines[lines.len() - FRAMES_SHOWN..]);
    shown
}

fn called_from(function: &str, caller: &SourceSpan) -> String {
    // Starlark names functions with the module they stand in.
    let name = function.rsplit('.').next().unwrap_or(function);
    let SourceSpan {
        file, line, column, ..
    } = caller;
    format!("in `{name}`, called from {file}:{line}:{column}")
}
