//! What stays on the screen of a build: turns events into lines. Knows neither
//! the live view nor where the lines go.

use std::collections::{HashMap, HashSet};

use kiln_engine::events::{ActionFinished, Cached, Event};
use kiln_plugin_abi::{Label, Severity};

use crate::arguments::Verbosity;
use crate::diagnostics::{Message, Renderer};
use crate::escape;

/// Successful targets whose output is shown; of more only the count is told.
const SHOWN_OUTPUTS: u64 = 20;

/// Lines of a log that are shown; it is the tail that says what went wrong.
const SHOWN_LINES: usize = 100;

/// Bytes of a log that are looked at for these lines.
const SHOWN_BYTES: usize = 16 * 1024;

/// Which actions get a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionLines {
    /// Every executed one.
    All,
    /// Those that failed; a live view tells of the others.
    Failed,
}

/// Turns events into lines.
#[derive(Debug)]
pub struct Transcript {
    renderer: Renderer,
    verbosity: Verbosity,
    action_lines: ActionLines,
    colour: bool,
    reasons: HashMap<Label, String>,
    failed: HashSet<Label>,
    outputs: u64,
}

impl Transcript {
    /// A transcript of a build that has not begun.
    #[must_use]
    pub fn new(
        renderer: Renderer,
        verbosity: Verbosity,
        action_lines: ActionLines,
        colour: bool,
    ) -> Transcript {
        Transcript {
            renderer,
            verbosity,
            action_lines,
            colour,
            reasons: HashMap::new(),
            failed: HashSet::new(),
            outputs: 0,
        }
    }

    /// The lines that `event` adds, if any.
    pub fn take(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::ActionStarted { label, reason, .. } => {
                if self.verbosity == Verbosity::Verbose {
                    self.reasons.insert(label.clone(), reason.clone());
                }
                None
            }
            Event::ActionFinished(finished) if finished.cached == Cached::No => {
                self.action(finished)
            }
            Event::ActionOutput {
                label,
                bytes,
                dropped,
            } => self.output(label, bytes, *dropped),
            Event::Diagnostic(diagnostic) => {
                let silent =
                    self.verbosity == Verbosity::Quiet && diagnostic.severity == Severity::Warning;
                let message = || Message::from(diagnostic.clone());
                (!silent).then(|| self.renderer.render(&message()))
            }
            Event::Print { package, text } if self.verbosity != Verbosity::Quiet => {
                let package = escape::line(package.as_str()).into_owned();
                Some(format!("//{package}: {}\n", escape::text(text)))
            }
            _ => None,
        }
    }

    /// The lines behind everything else.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let hidden = self
            .outputs
            .checked_sub(SHOWN_OUTPUTS)
            .filter(|hidden| *hidden > 0)?;
        Some(format!(
            "output of {hidden} more targets is not shown; see `kiln log LABEL`\n"
        ))
    }

    fn action(&mut self, finished: &ActionFinished) -> Option<String> {
        let label = finished.label.to_string();
        let label = escape::line(&label);
        let time = seconds(finished.usage.wall_ms);
        let reason = self.reasons.remove(&finished.label);
        if finished.exit != 0 {
            self.failed.insert(finished.label.clone());
            let word = self.paint("FAILED", "1;31");
            let how = exit_text(finished.exit);
            let reason = reason.map(parenthesised).unwrap_or_default();
            return Some(format!("{word} {label}  {how} after {time}{reason}\n"));
        }
        let told = self.action_lines == ActionLines::All || reason.is_some();
        if self.verbosity == Verbosity::Quiet || !told {
            return None;
        }
        let word = self.paint("ran", "32");
        let reason = reason.map(parenthesised).unwrap_or_default();
        Some(format!("{word}    {label}  {time}{reason}\n"))
    }

    fn output(&mut self, label: &Label, bytes: &[u8], dropped: u64) -> Option<String> {
        if bytes.is_empty() {
            return None;
        }
        if !self.failed.contains(label) {
            self.outputs += 1;
            if self.verbosity == Verbosity::Quiet || self.outputs > SHOWN_OUTPUTS {
                return None;
            }
        }
        let name = label.to_string();
        let name = escape::line(&name);
        let tail = &bytes[bytes.len().saturating_sub(SHOWN_BYTES)..];
        let text = escape::bytes(tail);
        let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
        let skipped = lines.len().saturating_sub(SHOWN_LINES);
        let mut block = self.paint(&format!("--- output of {name}"), "2");
        block.push('\n');
        if skipped > 0 || dropped > 0 || tail.len() < bytes.len() {
            block.push_str(&format!("… the beginning is in `kiln log {name}`\n"));
        }
        for line in &lines[skipped..] {
            block.push_str(line);
            block.push('\n');
        }
        if self.failed.contains(label) {
            let end = self.paint(&format!("--- end; the whole log: kiln log {name}"), "2");
            block.push_str(&end);
            block.push('\n');
        }
        Some(block)
    }

    fn paint(&self, text: &str, code: &str) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn parenthesised(reason: String) -> String {
    format!("  ({})", escape::line(&reason))
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10)
}

fn exit_text(exit: i32) -> String {
    match exit {
        129..=192 => format!("exit {exit} (signal {})", exit - 128),
        _ => format!("exit {exit}"),
    }
}

#[cfg(test)]
mod tests;
