//! From Starlark's values to plain ones.

use std::collections::BTreeMap;

use kiln_plugin_abi::Value;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{UnpackValue, Value as StarlarkValue};

/// Deepest nesting of lists and dicts in an attribute.
const DEEPEST: usize = 32;
/// Most bytes of all attributes of a package.
const MOST_BYTES: usize = 256 << 20;
/// What a value takes beside its text, roughly.
const VALUE_BYTES: usize = 48;

/// The bytes that a package's attributes may still take. One long list, given to
/// many targets, is one value in Starlark and many here.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Budget {
        Budget(MOST_BYTES)
    }
}

impl Budget {
    /// Converts an attribute's value; an error says what is wrong with it, as
    /// the end of a sentence about the attribute.
    pub(super) fn convert(&mut self, value: StarlarkValue<'_>) -> Result<Value, String> {
        self.convert_at(value, 0)
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        match self.0.checked_sub(bytes + VALUE_BYTES) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err("does not fit: the package's attributes take over 256 MiB".to_owned()),
        }
    }

    fn convert_at(&mut self, value: StarlarkValue<'_>, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("is nested more than {DEEPEST} deep"));
        }
        if let Some(text) = value.unpack_str() {
            self.take(text.len())?;
            return Ok(Value::String(text.to_owned()));
        }
        self.take(0)?;
        if value.is_none() {
            Ok(Value::None)
        } else if let Some(truth) = value.unpack_bool() {
            Ok(Value::Bool(truth))
        } else if let Some(items) = ListRef::from_value(value) {
            self.convert_all(items.iter(), depth)
        } else if let Some(items) = TupleRef::from_value(value) {
            self.convert_all(items.iter(), depth)
        } else if let Some(entries) = DictRef::from_value(value) {
            self.convert_dict(&entries, depth)
        } else if value.get_type() == "int" {
            match i64::unpack_value(value) {
                Ok(Some(number)) => Ok(Value::Int(number)),
                _ => Err("holds an int that does not fit 64 bits".to_owned()),
            }
        } else {
            Err(format!(
                "holds a value of type {}; strings, ints, bools, lists and dicts can be given",
                value.get_type()
            ))
        }
    }

    fn convert_all<'v>(
        &mut self,
        items: impl Iterator<Item = StarlarkValue<'v>>,
        depth: usize,
    ) -> Result<Value, String> {
        items
            .map(|item| self.convert_at(item, depth + 1))
            .collect::<Result<_, _>>()
            .map(Value::List)
    }

    fn convert_dict(&mut self, entries: &DictRef<'_>, depth: usize) -> Result<Value, String> {
        let mut dict = BTreeMap::new();
        for (key, value) in entries.iter() {
            let Some(key) = key.unpack_str() else {
                let got = key.get_type();
                return Err(format!("has a key of type {got}; keys are strings"));
            };
            self.take(key.len())?;
            dict.insert(key.to_owned(), self.convert_at(value, depth + 1)?);
        }
        Ok(Value::Dict(dict))
    }
}
