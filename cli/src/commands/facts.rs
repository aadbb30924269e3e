//! Structured facts as indented lines for people. Knows no meaning of any fact
//! except that a field called `…bytes` is a size.

use serde_json::{Map, Value};

use crate::configuration::show_size;

/// The lines of `facts`.
#[must_use]
pub fn lines(facts: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    match facts {
        Value::Object(fields) => object(fields, 0, &mut lines),
        other => lines.push(scalar("", other)),
    }
    lines
}

fn object(fields: &Map<String, Value>, indent: usize, lines: &mut Vec<String>) {
    let width = fields
        .iter()
        .filter(|(_, value)| is_scalar(value))
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    for (name, value) in fields {
        let words = name.replace('_', " ");
        if is_scalar(value) {
            let padding = width - name.chars().count();
            let value = scalar(name, value);
            lines.push(format!("{:indent$}{words}:{:padding$} {value}", "", ""));
        } else {
            lines.push(format!("{:indent$}{words}:", ""));
            nested(value, indent + 2, lines);
        }
    }
}

fn nested(value: &Value, indent: usize, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => object(fields, indent, lines),
        Value::Array(elements) => {
            for element in elements {
                entry(element, indent, lines);
            }
        }
        other => lines.push(format!("{:indent$}{}", "", scalar("", other))),
    }
}

/// An element of a list: on one line when all it holds is scalar.
fn entry(element: &Value, indent: usize, lines: &mut Vec<String>) {
    match element {
        Value::Object(fields) if fields.values().all(is_scalar) => {
            let cells: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{} {}", name.replace('_', " "), scalar(name, value)))
                .collect();
            lines.push(format!("{:indent$}- {}", "", cells.join(", ")));
        }
        Value::Object(_) | Value::Array(_) => {
            lines.push(format!("{:indent$}-", ""));
            nested(element, indent + 2, lines);
        }
        other => lines.push(format!("{:indent$}- {}", "", scalar("", other))),
    }
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => true,
    }
}

fn scalar(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if name.ends_with("bytes") => number
            .as_u64()
            .map_or_else(|| number.to_string(), show_size),
        Value::Null | Value::Array(_) | Value::Object(_) => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_are_indented_and_aligned() {
        let facts = json!({
            "key": "abc",
            "stored_bytes": 2048,
            "spec": { "driver": "sh", "outs": ["a", "b"] },
            "inputs": [{ "path": "a.c", "size": 3 }],
            "labels": [],
        });
        assert_eq!(
            lines(&facts),
            [
                "inputs:",
                "  - path a.c, size 3",
                "key:          abc",
                "labels:       none",
                "spec:",
                "  driver: sh",
                "  outs:",
                "    - a",
                "    - b",
                "stored bytes: 2.0 KiB",
            ]
        );
    }
}
