//! Attribute values on the wire.

use std::collections::BTreeMap;

use kiln_proto::target as proto;
use kiln_proto::target::value::Kind;

use super::WireError;
use crate::Value;

/// Writes `value`; `field` is the attribute it belongs to.
pub(super) fn write(field: &str, value: &Value) -> Result<proto::Value, WireError> {
    if !value.fits(Value::DEEPEST) {
        let field = field.to_owned();
        return Err(WireError::TooDeep { field });
    }
    Ok(write_fitting(value))
}

fn write_fitting(value: &Value) -> proto::Value {
    let kind = match value {
        Value::None => None,
        Value::Bool(truth) => Some(Kind::Truth(*truth)),
        Value::Int(integer) => Some(Kind::Integer(*integer)),
        Value::String(text) => Some(Kind::Text(text.clone())),
        Value::List(items) => Some(Kind::List(proto::ValueList {
            items: items.iter().map(write_fitting).collect(),
        })),
        Value::Dict(entries) => Some(Kind::Dict(proto::ValueDict {
            entries: entries
                .iter()
                .map(|(name, value)| proto::ValueEntry {
                    name: name.clone(),
                    value: Some(write_fitting(value)),
                })
                .collect(),
        })),
    };
    proto::Value { kind }
}

/// Reads a value. The protobuf library has bounded its depth already; values
/// between that bound and ours are refused.
pub(super) fn read(
    field: &str,
    value: Option<proto::Value>,
    levels: usize,
) -> Result<Value, WireError> {
    let value = value.ok_or(WireError::Missing { field: "value" })?;
    let below = levels.checked_sub(1).ok_or_else(|| WireError::TooDeep {
        field: field.to_owned(),
    })?;
    let Some(kind) = value.kind else {
        return Ok(Value::None);
    };
    Ok(match kind {
        Kind::Truth(truth) => Value::Bool(truth),
        Kind::Integer(integer) => Value::Int(integer),
        Kind::Text(text) => Value::String(text),
        Kind::List(list) => Value::List(
            list.items
                .into_iter()
                .map(|item| read(field, Some(item), below))
                .collect::<Result<_, _>>()?,
        ),
        Kind::Dict(dict) => Value::Dict(read_entries(field, dict.entries, below)?),
    })
}

/// Reads named values, each name once.
pub(super) fn read_entries(
    field: &str,
    entries: Vec<proto::ValueEntry>,
    levels: usize,
) -> Result<BTreeMap<String, Value>, WireError> {
    let mut map = BTreeMap::new();
    for entry in entries {
        let field = if field.is_empty() { &entry.name } else { field };
        let value = read(field, entry.value, levels)?;
        if map.contains_key(&entry.name) {
            return Err(WireError::Duplicate {
                field: "attribute or key",
                name: entry.name,
            });
        }
        map.insert(entry.name, value);
    }
    Ok(map)
}
