//! Tests of each attribute's meaning and messages.

mod dependencies;
mod environment;
mod outputs;
mod reading;

use crate::{Diagnostic, Focus, Label, PackagePath, TargetSpec, Value};

/// A spec of package `p` with the given attributes.
fn spec<const N: usize>(attributes: [(&str, Value); N]) -> TargetSpec {
    TargetSpec {
        label: Label::parse("//p:t", &PackagePath::root()).unwrap(),
        driver: "sh".to_owned(),
        attributes: attributes
            .map(|(key, value)| (key.to_owned(), value))
            .into(),
        span: None,
    }
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::List(items.map(Value::from).into())
}

fn dict<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Dict(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

/// Everything an error says about its target, one line each.
fn shown(error: &Diagnostic) -> String {
    let mut text = error.message.clone();
    match &error.focus {
        None => {}
        Some(Focus::Attribute(name)) => text += &format!("\nfocus: attribute {name}"),
        Some(Focus::Literal(literal)) => text += &format!("\nfocus: literal {literal}"),
    }
    for note in &error.notes {
        text += &format!("\nnote: {note}");
    }
    for hint in &error.hints {
        text += &format!("\nhint: {hint}");
    }
    text
}
