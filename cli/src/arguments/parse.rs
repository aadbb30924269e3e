//! From the words of the command line to an [`Invocation`].
//!
//! Subtracting patterns (`-//a`) look like flags to the argument parser. No
//! flag of Kiln starts like one, so they carry a mark through the parser that
//! is taken off behind it, from its messages as well.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};

use clap::{CommandFactory as _, Parser as _};

use super::high::{Invocation, raise};
use super::low::LowArguments;

/// Stands in front of subtracting patterns inside of the parser. Nobody types
/// it: no label may hold a control character.
const MARK: &str = "\u{1}";

/// Why there is no invocation.
#[derive(Debug)]
pub enum Refusal {
    /// Help or the version was asked for; the text belongs on stdout.
    Shown(clap::Error),
    /// The words do not fit the grammar; the text belongs on stderr.
    Grammar(clap::Error),
    /// They fit the grammar but make no sense together.
    Sense(String),
}

/// Reads the words behind the program's name.
///
/// # Errors
/// When they ask for help, or make no sense.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, Refusal> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let separator = words.iter().position(|word| word == "--");
    let end = separator.unwrap_or(words.len());
    for word in &mut words[..end] {
        if subtracts(word) {
            let mut marked = OsString::from(MARK);
            marked.push(&*word);
            *word = marked;
        }
    }
    let words = std::iter::once(OsString::from("kiln")).chain(words);
    let low = LowArguments::try_parse_from(words).map_err(|error| {
        if error.use_stderr() {
            Refusal::Grammar(error)
        } else {
            Refusal::Shown(error)
        }
    })?;
    raise(low, separator.is_some()).map_err(Refusal::Sense)
}

/// The grammar, for completions.
#[must_use]
pub fn command() -> clap::Command {
    LowArguments::command()
}

/// True for `-//a`, `-:a` and `-@fs:a`.
fn subtracts(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    [b"-//".as_slice(), b"-:", b"-@"]
        .iter()
        .any(|start| bytes.starts_with(start))
}

/// `text` without marks.
fn plain(text: &str) -> String {
    text.replace(MARK, "")
}

/// Takes the mark off a word that the parser handed out; for the grammar.
pub fn unmarked(word: &str) -> Result<String, Infallible> {
    Ok(word.strip_prefix(MARK).unwrap_or(word).to_owned())
}

impl Refusal {
    /// The text to show.
    #[must_use]
    pub fn text(&self, colour: bool) -> String {
        match self {
            Refusal::Shown(error) | Refusal::Grammar(error) => {
                let text = error.render();
                plain(&if colour {
                    text.ansi().to_string()
                } else {
                    text.to_string()
                })
            }
            Refusal::Sense(message) => message.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
