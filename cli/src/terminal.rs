//! What the streams of this process are, and writing to them without ever
//! panicking: a reader that went away ends the output, not the program.

use std::io::{self, IsTerminal as _, Write as _};

use console::Term;

use crate::arguments::{ColourWhen, UiChoice};
use crate::diagnostics::Message;
use crate::environment::Environment;
use crate::escape;
use crate::exit::CommandError;

/// Width assumed where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 100;

/// What stderr can show.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether colour may be used.
    pub colour: bool,
    /// Whether a live view can be drawn.
    pub live: bool,
    /// Columns.
    pub width: usize,
}

impl Terminal {
    /// Looks at stderr, with the wishes of the user.
    #[must_use]
    pub fn detect(environment: &Environment, colour: ColourWhen, ui: UiChoice) -> Terminal {
        let is_terminal = io::stderr().is_terminal();
        let capable = is_terminal && !environment.dumb_terminal();
        let colour = match colour {
            ColourWhen::Always => true,
            ColourWhen::Never => false,
            ColourWhen::Auto => environment.colour_wish().unwrap_or(capable),
        };
        let width = if is_terminal { size().1 } else { DEFAULT_WIDTH };
        Terminal {
            colour,
            live: capable && ui != UiChoice::Plain,
            width,
        }
    }
}

/// Rows and columns of the terminal at stderr.
#[must_use]
pub fn size() -> (usize, usize) {
    let (rows, columns) = Term::stderr().size_checked().unwrap_or((24, 80));
    (usize::from(rows), usize::from(columns))
}

/// Writes to stderr; when that fails there is nobody left to tell.
pub fn say(text: &str) {
    if !text.is_empty() {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// How writing data to stdout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it arrived, or at least left this process.
    All,
    /// The reader went away, which is its good right.
    Closed,
}

/// Collects data for stdout and writes it at once.
#[derive(Debug, Default)]
pub struct Data {
    text: String,
}

impl Data {
    /// Adds a line, made safe when a person reads it on a terminal.
    pub fn line(&mut self, line: &str) {
        if io::stdout().is_terminal() {
            self.text.push_str(&escape::text(line));
        } else {
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Adds a JSON object on lines of its own.
    pub fn json(&mut self, value: &serde_json::Value) {
        // JSON escapes the control characters itself.
        self.text.push_str(&format!("{value:#}\n"));
    }

    /// Writes everything.
    ///
    /// # Errors
    /// When stdout cannot take it for another reason than a reader that left.
    pub fn write(self) -> Result<Written, CommandError> {
        write_bytes(self.text.as_bytes())
    }
}

/// Writes bytes to stdout as they are.
///
/// # Errors
/// When stdout cannot take them for another reason than a reader that left.
pub fn write_bytes(bytes: &[u8]) -> Result<Written, CommandError> {
    let mut stdout = io::stdout().lock();
    let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written(result)
}

/// Tells a reader that left from a real failure to write to stdout.
///
/// # Errors
/// The real failure, with exit 36.
pub fn written(result: io::Result<()>) -> Result<Written, CommandError> {
    match result {
        Ok(()) => Ok(Written::All),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Written::Closed),
        Err(error) => {
            let text = format!("cannot write to stdout: {error}");
            Err(CommandError::environment(Message::error(text)))
        }
    }
}
