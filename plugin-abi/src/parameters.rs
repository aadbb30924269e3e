//! Parameters of a label: `key=value,key="quoted, value"`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::SyntaxError;

/// Named values that tell apart targets of one name; sorted by key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Parameters(Option<Arc<BTreeMap<String, String>>>);

impl Parameters {
    /// Parameters from a map; keys are identifiers, which the caller knows.
    #[must_use]
    pub fn from_map(map: BTreeMap<String, String>) -> Parameters {
        if map.is_empty() {
            Parameters(None)
        } else {
            Parameters(Some(Arc::new(map)))
        }
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.as_ref()?.get(key).map(String::as_str)
    }

    /// All of them, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|map| map.iter())
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Offset of the `@` that starts the parameters of a label.
    pub(crate) fn find_start(label: &str) -> Option<usize> {
        label
            .match_indices('@')
            .map(|(at, _)| at)
            .find(|at| key_length(&label[at + 1..]).is_some())
    }

    /// Reads `text[start..end]`.
    pub(crate) fn parse(text: &str, start: usize, end: usize) -> Result<Parameters, SyntaxError> {
        let error = |at: usize, message: &str| SyntaxError::new("label", text, at, message);
        let mut map = BTreeMap::new();
        let mut at = start;
        loop {
            let length = key_length(&text[at..end])
                .ok_or_else(|| error(at, "a parameter is written key=value"))?;
            let key = &text[at..at + length];
            let value_at = at + length + 1;
            let (value, next) = parse_value(text, value_at, end)?;
            if map.insert(key.to_owned(), value).is_some() {
                return Err(error(at, "this parameter is given twice"));
            }
            if next == end {
                return Ok(Parameters::from_map(map));
            }
            if !text[next..].starts_with(',') {
                return Err(error(next, "a parameter ends with `,`"));
            }
            at = next + 1;
        }
    }
}

/// Length of the identifier at the start of `text`, when `=` follows it.
fn key_length(text: &str) -> Option<usize> {
    let length = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let starts_well = !text.starts_with(|c: char| c.is_ascii_digit());
    (length > 0 && starts_well && text[length..].starts_with('=')).then_some(length)
}

/// True for values that stand without quotes.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && !value.chars().any(|c| {
            matches!(c, ',' | '=' | '"' | '\\' | '[' | ']' | '@' | ':')
                || c.is_control()
                || c.is_whitespace()
        })
}

/// Reads a value at `at`; returns it and the offset behind it.
fn parse_value(text: &str, at: usize, end: usize) -> Result<(String, usize), SyntaxError> {
    let rest = &text[at..end];
    let Some(quoted) = rest.strip_prefix('"') else {
        let length = rest.find(',').unwrap_or(rest.len());
        let value = &rest[..length];
        if !is_plain(value) {
            let message = "a value that is empty or has special characters is quoted";
            return Err(SyntaxError::new("label", text, at, message));
        }
        return Ok((value.to_owned(), at + length));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, c)) = characters.next() {
        match c {
            '"' => return Ok((value, at + 1 + index + 1)),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                _ => {
                    let message = "only \\\" and \\\\ are escapes";
                    return Err(SyntaxError::new("label", text, at + 1 + index, message));
                }
            },
            c if c.is_control() => {
                let message = "a control character is not allowed";
                return Err(SyntaxError::new("label", text, at + 1 + index, message));
            }
            c => value.push(c),
        }
    }
    Err(SyntaxError::new(
        "label",
        text,
        at,
        "the quote is not closed",
    ))
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (key, value)) in self.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            if is_plain(value) {
                write!(f, "{comma}{key}={value}")?;
            } else {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "{comma}{key}=\"{escaped}\"")?;
            }
        }
        Ok(())
    }
}
