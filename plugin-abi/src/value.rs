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
