//! A name or a regular expression, as filters of the query language take it.

use regex::{Regex, RegexBuilder};

/// Memory that one compiled expression may take, in bytes.
const LARGEST: usize = 1 << 20;

/// Tells which texts are meant.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// This text and no other.
    Name(String),
    /// Texts in which the expression finds something.
    Pattern(Regex),
}

impl Matcher {
    /// A word of letters, digits, `_` and `-` means itself; anything else is a
    /// regular expression that may match anywhere in the text.
    pub fn name_or_pattern(text: &str) -> Result<Matcher, String> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        match !text.is_empty() && text.chars().all(is_name) {
            true => Ok(Matcher::Name(text.to_owned())),
            false => Matcher::pattern(text),
        }
    }

    /// A regular expression that may match anywhere in the text.
    pub fn pattern(text: &str) -> Result<Matcher, String> {
        let regex = RegexBuilder::new(text).size_limit(LARGEST).build();
        regex.map(Matcher::Pattern).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            error => {
                let reason = error.to_string();
                let last = reason.lines().last().unwrap_or("");
                format!(
                    "not a regular expression: {}",
                    last.trim_start_matches("error: ")
                )
            }
        })
    }

    /// True when `text` is meant.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Matcher::Name(name) => name == text,
            Matcher::Pattern(regex) => regex.is_match(text),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        match (self, other) {
            (Matcher::Name(a), Matcher::Name(b)) => a == b,
            (Matcher::Pattern(a), Matcher::Pattern(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}
