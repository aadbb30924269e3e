//! Functions that make text of values: `str`, `repr`, `print`, `fail`,
//! `json.encode`.
//!
//! The evaluator's own recurse into values without a bound, and a list that
//! holds itself twice, forty levels deep, would be written out a billion times.

use kiln_plugin_abi::Diagnostic;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::none::NoneType;
use starlark::values::structs::StructRef;
use starlark::values::tuple::{TupleRef, UnpackTuple};
use starlark::values::{StringValue, Value};

use super::failure::report;
use super::surroundings;

/// Deepest nesting of lists, dicts and structs in a value that is written out.
const DEEPEST: usize = 500;
/// Most values in one, each counted as often as it would be written.
const MOST_VALUES: usize = 1_000_000;
/// Most bytes of strings in one, counted likewise.
const MOST_TEXT: usize = 64 << 20;

/// Adds the functions, over Starlark's own.
pub(super) fn register(globals: &mut GlobalsBuilder) {
    text_functions(globals);
    globals.namespace("json", json_functions);
}

#[starlark_module]
fn text_functions(builder: &mut GlobalsBuilder) {
    /// The value as text; a string as it is.
    fn str<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<StringValue<'v>> {
        if let Some(text) = StringValue::new(value) {
            return Ok(text);
        }
        check_size(value)?;
        Ok(eval.heap().alloc_str(&value.to_str()))
    }

    /// The value as it would be written in a file.
    fn repr<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<StringValue<'v>> {
        check_size(value)?;
        Ok(eval.heap().alloc_str(&value.to_repr()))
    }

    /// Shows values to whoever runs the build.
    fn print<'v>(
        #[starlark(args)] values: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<NoneType> {
        surroundings::print(eval, &joined(&values)?);
        Ok(NoneType)
    }

    /// Ends the evaluation with a message.
    fn fail<'v>(#[starlark(args)] values: UnpackTuple<Value<'v>>) -> starlark::Result<NoneType> {
        Err(report(Diagnostic::error(joined(&values)?)))
    }
}

#[starlark_module]
fn json_functions(builder: &mut GlobalsBuilder) {
    /// The value as JSON.
    fn encode<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<String> {
        check_size(value)?;
        value.to_json().map_err(starlark::Error::new_other)
    }
}

/// The values as text, with spaces between.
fn joined(values: &UnpackTuple<Value<'_>>) -> starlark::Result<String> {
    let mut text = String::new();
    for (index, value) in values.items.iter().enumerate() {
        check_size(*value)?;
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&value.to_str());
        if text.len() > MOST_TEXT {
            return Err(too_large());
        }
    }
    Ok(text)
}

fn too_large() -> starlark::Error {
    report(Diagnostic::error(
        "the value is too large to be written out",
    ))
}

/// Refuses a value whose text would be too long, or too deep to make.
pub(super) fn check_size(value: Value<'_>) -> starlark::Result<()> {
    let mut open = vec![(value, 0)];
    let mut values = 0_usize;
    let mut text = 0_usize;
    while let Some((value, depth)) = open.pop() {
        values += 1;
        text += value.unpack_str().map_or(0, str::len);
        if depth > DEEPEST {
            let message = format!("the value is nested more than {DEEPEST} deep");
            return Err(report(Diagnostic::error(message)));
        }
        let below = depth + 1;
        if let Some(items) = ListRef::from_value(value) {
            open.extend(items.iter().map(|item| (item, below)));
        } else if let Some(items) = TupleRef::from_value(value) {
            open.extend(items.iter().map(|item| (item, below)));
        } else if let Some(entries) = DictRef::from_value(value) {
            let parts = entries.iter().flat_map(|(key, value)| [key, value]);
            open.extend(parts.map(|part| (part, below)));
        } else if let Some(fields) = StructRef::from_value(value) {
            open.extend(fields.iter().map(|(_, value)| (value, below)));
        }
        if values + open.len() > MOST_VALUES || text > MOST_TEXT {
            return Err(too_large());
        }
    }
    Ok(())
}
