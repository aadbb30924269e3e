//! Typed reading of a spec's attributes.
//!
//! Owns the wording of "wrong type" and "unknown attribute", and the meaning of
//! the attributes that drivers have in common (`deps`, `outs`, `env`, …; one
//! file each below). Knows no driver: whoever reads an attribute makes it known.

mod dependencies;
mod environment;
mod execution;
mod outputs;
mod reference;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use crate::{Diagnostic, PackagePath, TargetSpec, Value, did_you_mean};

pub use environment::LONGEST_ARGUMENT;

/// Reads the attributes of one spec, and remembers which were asked for.
///
/// [`AttributeReader::finish`] then refuses the others, so an attribute that no
/// one reads is never silently ignored.
#[derive(Debug)]
pub struct AttributeReader<'a> {
    spec: &'a TargetSpec,
    known: BTreeSet<&'static str>,
}

impl<'a> AttributeReader<'a> {
    /// A reader that has read nothing yet.
    #[must_use]
    pub fn new(spec: &'a TargetSpec) -> AttributeReader<'a> {
        AttributeReader {
            spec,
            known: BTreeSet::new(),
        }
    }

    /// The spec that is read.
    #[must_use]
    pub fn spec(&self) -> &'a TargetSpec {
        self.spec
    }

    /// The package that relative strings belong to.
    #[must_use]
    pub fn package(&self) -> &'a PackagePath {
        self.spec.label.package()
    }

    /// An attribute's value; `None` when it is absent or `None`.
    pub fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.insert(name);
        match self.spec.attributes.get(name) {
            None | Some(Value::None) => None,
            Some(value) => Some(value),
        }
    }

    /// A string.
    pub fn string(&mut self, name: &'static str) -> Result<Option<&'a str>, Diagnostic> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_type(name, "a string", other)),
        }
    }

    /// `True` or `False`, or what stands for an absent one.
    pub fn bool(&mut self, name: &'static str, absent: bool) -> Result<bool, Diagnostic> {
        match self.value(name) {
            None => Ok(absent),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(other) => Err(self.wrong_type(name, "True or False", other)),
        }
    }

    /// A list of strings; empty when absent.
    pub fn string_list(&mut self, name: &'static str) -> Result<Vec<&'a str>, Diagnostic> {
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => self.strings_of(name, items),
            Some(other) => Err(self.wrong_type(name, "a list of strings", other)),
        }
    }

    /// A dictionary with string keys; `None` when absent.
    pub fn dict(
        &mut self,
        name: &'static str,
    ) -> Result<Option<&'a BTreeMap<String, Value>>, Diagnostic> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Dict(entries)) => Ok(Some(entries)),
            Some(other) => Err(self.wrong_type(name, "a dict", other)),
        }
    }

    /// A dictionary from strings to strings; empty when absent.
    pub fn string_dict(
        &mut self,
        name: &'static str,
    ) -> Result<BTreeMap<&'a str, &'a str>, Diagnostic> {
        let Some(entries) = self.dict(name)? else {
            return Ok(BTreeMap::new());
        };
        entries
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key.as_str(), text.as_str())),
                other => {
                    let got = with_article(other);
                    let message =
                        format!("the value of `{key}` in `{name}` must be a string, not {got}");
                    Err(self.spec.attribute_error(name, message))
                }
            })
            .collect()
    }

    /// Refuses every attribute that was given and never asked for.
    pub fn finish(self) -> Result<(), Diagnostic> {
        let unknown = self
            .spec
            .attributes
            .keys()
            .find(|name| !self.known.contains(name.as_str()));
        let Some(name) = unknown else {
            return Ok(());
        };
        let driver = &self.spec.driver;
        let error = self.spec.attribute_error(
            name,
            format!("the driver `{driver}` knows no attribute `{name}`"),
        );
        Err(match did_you_mean(name, self.known.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => {
                let known: Vec<&str> = self.known.iter().copied().collect();
                error.hint(format!("`{driver}` knows {}", known.join(", ")))
            }
        })
    }

    /// The error for an attribute that must be given.
    #[must_use]
    pub fn missing(&self, name: &str, what: &str) -> Diagnostic {
        let driver = &self.spec.driver;
        self.spec
            .error(format!(
                "the driver `{driver}` needs the attribute `{name}`"
            ))
            .hint(format!("add `{name} = …`, {what}"))
    }

    /// The error for a value of another type than wanted.
    #[must_use]
    pub fn wrong_type(&self, name: &str, wanted: &str, got: &Value) -> Diagnostic {
        let got = with_article(got);
        self.spec
            .attribute_error(name, format!("`{name}` must be {wanted}, not {got}"))
    }

    /// The members of a list, all of them strings.
    fn strings_of(&self, name: &str, items: &'a [Value]) -> Result<Vec<&'a str>, Diagnostic> {
        items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.as_str()),
                other => {
                    let got = with_article(other);
                    let message = format!("`{name}` holds {got} where a string is wanted");
                    let error = self.spec.attribute_error(name, message);
                    Err(match other {
                        Value::List(_) => {
                            error.hint("join lists with `+`, as in `glob([…]) + [\":x\"]`")
                        }
                        _ => error,
                    })
                }
            })
            .collect()
    }
}

/// The value's type as it reads in a sentence.
fn with_article(value: &Value) -> &'static str {
    match value {
        Value::None => "None",
        Value::Bool(_) => "a bool",
        Value::Int(_) => "an int",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dict",
    }
}

#[cfg(test)]
mod tests;
