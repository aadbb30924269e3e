//! Attribute values as BUILD files and plugins give them.

use std::collections::BTreeMap;

/// A plain value. Dictionaries have string keys and forget their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`: as if the attribute were not given.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A string.
    String(String),
    /// A list or tuple.
    List(Vec<Value>),
    /// A dictionary.
    Dict(BTreeMap<String, Value>),
}

impl Value {
    /// How deep lists and dictionaries may nest, the innermost value counted:
    /// what every protobuf library reads without a special setting.
    pub const DEEPEST: usize = 30;

    /// True when the value nests at most `levels` deep; a plain one is 1 level.
    /// Never looks deeper than that.
    #[must_use]
    pub fn fits(&self, levels: usize) -> bool {
        levels > 0
            && match self {
                Value::List(items) => items.iter().all(|item| item.fits(levels - 1)),
                Value::Dict(entries) => entries.values().all(|item| item.fits(levels - 1)),
                _ => true,
            }
    }

    /// The value's type as people call it in BUILD files.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Dict(_) => "dict",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}
