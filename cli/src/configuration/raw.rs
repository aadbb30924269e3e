//! A configuration value as some layer wrote it, before a key gives it meaning.

use toml::de::DeValue;

/// A value of one of the kinds that keys take, or the name of another kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Raw>),
    /// Something that no key takes, described.
    Other(&'static str),
}

/// What kind of value a key takes, which the environment cannot express.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// A list of texts.
    List,
}

/// Why a value does not fit its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong, without the key's name.
    pub message: String,
    /// Which element of a list is at fault.
    pub element: Option<usize>,
}

impl Misfit {
    /// A misfit of the whole value.
    pub fn new(message: impl Into<String>) -> Misfit {
        Misfit {
            message: message.into(),
            element: None,
        }
    }
}

impl Raw {
    /// The value in a TOML document.
    pub fn from_toml(value: &DeValue<'_>) -> Raw {
        match value {
            DeValue::Integer(integer) => {
                match i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(integer) => Raw::Integer(integer),
                    Err(_) => Raw::Other("a number out of range"),
                }
            }
            DeValue::String(text) => Raw::Text(text.clone().into_owned()),
            DeValue::Array(array) => Raw::List(
                array
                    .iter()
                    .map(|element| Raw::from_toml(element.get_ref()))
                    .collect(),
            ),
            DeValue::Float(_) => Raw::Other("a floating-point number"),
            DeValue::Boolean(_) => Raw::Other("a boolean"),
            DeValue::Datetime(_) => Raw::Other("a date"),
            DeValue::Table(_) => Raw::Other("a table"),
        }
    }

    /// The value of an environment variable for a key of `shape`; the elements
    /// of a list are separated by colons.
    pub fn from_environment(text: &str, shape: Shape) -> Raw {
        match shape {
            Shape::Integer => match text.parse() {
                Ok(integer) => Raw::Integer(integer),
                Err(_) => Raw::Text(text.to_owned()),
            },
            Shape::Text => Raw::Text(text.to_owned()),
            Shape::List => Raw::List(
                text.split(':')
                    .filter(|element| !element.is_empty())
                    .map(|element| Raw::Text(element.to_owned()))
                    .collect(),
            ),
        }
    }

    /// The value as a text.
    pub fn text(self) -> Result<String, Misfit> {
        match self {
            Raw::Text(text) => Ok(text),
            other => Err(Misfit::new(format!(
                "must be a string, not {}",
                other.describe()
            ))),
        }
    }

    /// The value as a whole number from `least` to `most`.
    pub fn integer(self, least: i64, most: i64) -> Result<i64, Misfit> {
        let range = format!("must be a whole number from {least} to {most}");
        match self {
            Raw::Integer(integer) if (least..=most).contains(&integer) => Ok(integer),
            Raw::Integer(integer) => Err(Misfit::new(format!("{range}, not {integer}"))),
            Raw::Text(text) => Err(Misfit::new(format!("{range}, not `{text}`"))),
            other => Err(Misfit::new(format!("{range}, not {}", other.describe()))),
        }
    }

    /// The value as a list of texts, each made into an element by `read`.
    pub fn list<T>(self, read: impl Fn(String) -> Result<T, String>) -> Result<Vec<T>, Misfit> {
        let Raw::List(elements) = self else {
            return Err(Misfit::new(format!(
                "must be a list of strings, not {}",
                self.describe()
            )));
        };
        let element = |(index, raw): (usize, Raw)| {
            let at = |misfit: Misfit| Misfit {
                element: Some(index),
                ..misfit
            };
            let text = raw.text().map_err(|misfit| {
                at(Misfit::new(format!(
                    "must be a list of strings; this element {}",
                    misfit.message
                )))
            })?;
            read(text).map_err(|message| at(Misfit::new(message)))
        };
        elements.into_iter().enumerate().map(element).collect()
    }

    fn describe(&self) -> &'static str {
        match self {
            Raw::Integer(_) => "a number",
            Raw::Text(_) => "a string",
            Raw::List(_) => "a list",
            Raw::Other(name) => name,
        }
    }
}
