//! Reads one configuration file into values for known keys, or into faults
//! with the place of each. Knows the table of keys, not what they mean.

use std::ops::Range;

use kiln_plugin_abi::did_you_mean;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{KEYS, Key, tables};
use super::raw::Raw;

/// One assignment of a file.
pub struct Assignment {
    /// The key.
    pub key: &'static Key,
    /// The value.
    pub raw: Raw,
    /// Where the value stands, in bytes.
    pub span: Range<usize>,
    /// Where its elements stand, if it is a list.
    pub elements: Vec<Range<usize>>,
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The assignments to known keys, and every fault besides them. Where the
/// syntax is broken, only that is told.
pub fn read(text: &str) -> (Vec<Assignment>, Vec<Fault>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut assignments = Vec::new();
    let mut faults: Vec<Fault> = errors.iter().map(|error| syntax(error, text)).collect();
    if !faults.is_empty() {
        return (assignments, faults);
    }
    for (name, value) in document.get_ref() {
        match read_table(name, value) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(assignment) => assignments.push(assignment),
                        Err(fault) => faults.push(fault),
                    }
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    (assignments, faults)
}

/// What the parser itself refused, duplicates among it.
fn syntax(error: &toml::de::Error, text: &str) -> Fault {
    Fault {
        message: error.message().to_owned(),
        span: error.span().unwrap_or(text.len()..text.len()),
        hint: None,
    }
}

fn read_table(
    name: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Vec<Result<Assignment, Fault>>, Fault> {
    let table: &str = name.get_ref();
    if !tables().any(|known| known == table) {
        return Err(unknown_table(table, name.span(), value));
    }
    let Some(entries) = value.get_ref().as_table() else {
        return Err(Fault {
            message: format!("`{table}` is a table"),
            span: value.span(),
            hint: Some(format!(
                "write `[{table}]` on a line of its own, its keys below"
            )),
        });
    };
    let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let found = KEYS
            .iter()
            .find(|key| key.table == table && key.name == name.get_ref().as_ref());
        match found {
            Some(key) => Ok(assignment(key, value)),
            None => Err(unknown_key(table, name)),
        }
    };
    Ok(entries.iter().map(entry).collect())
}

fn assignment(key: &'static Key, value: &Spanned<DeValue<'_>>) -> Assignment {
    let elements = match value.get_ref() {
        DeValue::Array(array) => array.iter().map(Spanned::span).collect(),
        _ => Vec::new(),
    };
    Assignment {
        key,
        raw: Raw::from_toml(value.get_ref()),
        span: value.span(),
        elements,
    }
}

fn unknown_table(name: &str, span: Range<usize>, value: &Spanned<DeValue<'_>>) -> Fault {
    let is_table = value.get_ref().is_table();
    let homes = KEYS.iter().filter(|key| key.name == name && !is_table);
    let mut home = homes.map(|key| format!("`{name}` belongs into the table `[{}]`", key.table));
    let near = || did_you_mean(name, tables()).map(|near| format!("did you mean `{near}`?"));
    let all = || {
        let all: Vec<String> = tables().map(|table| format!("`{table}`")).collect();
        format!("the tables are {}", all.join(", "))
    };
    Fault {
        message: format!(
            "unknown {} `{name}`",
            if is_table { "table" } else { "key" }
        ),
        span,
        hint: Some(home.next().or_else(near).unwrap_or_else(all)),
    }
}

fn unknown_key(table: &str, name: &Spanned<std::borrow::Cow<'_, str>>) -> Fault {
    let known = || {
        KEYS.iter()
            .filter(|key| key.table == table)
            .map(|key| key.name)
    };
    let hint = match did_you_mean(name.get_ref(), known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all: Vec<String> = known().map(|key| format!("`{key}`")).collect();
            format!("the keys of `[{table}]` are {}", all.join(", "))
        }
    };
    Fault {
        message: format!("unknown key `{}` in `[{table}]`", name.get_ref()),
        span: name.span(),
        hint: Some(hint),
    }
}
