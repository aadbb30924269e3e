//! `+`, `*` and `%` with a bound on their results.
//!
//! The evaluator looks at the heap only now and then, so one `"x" * 10**9` would
//! take the memory before it is noticed. Each file's syntax tree therefore calls
//! these functions in place of the operators, under names no one can write.

use std::collections::HashMap;

use kiln_plugin_abi::Diagnostic;
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Heap, Value};

use super::failure::report;
use super::rendering;

/// Longest string, in bytes.
const LONGEST_STRING: usize = 64 << 20;
/// Longest list or tuple.
const LONGEST_LIST: usize = 4_000_000;

/// Which function stands for which operator.
pub(super) fn replacements() -> HashMap<String, String> {
    ["+", "*", "%"]
        .map(|operator| (operator.to_owned(), operator.to_owned()))
        .into()
}

/// Adds the functions under the operators' names.
pub(super) fn register(globals: &mut GlobalsBuilder) {
    let functions = GlobalsBuilder::new().with(bounded_operators).build();
    globals.frozen_heap().add_reference(functions.heap());
    for (name, function) in functions.iter() {
        let operator = match name {
            "add" => "+",
            "multiply" => "*",
            _ => "%",
        };
        globals.set(operator, function);
    }
}

#[starlark_module]
fn bounded_operators(builder: &mut GlobalsBuilder) {
    fn add<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if let (Some(a), Some(b)) = (Size::of(left), Size::of(right)) {
            a.plus(b)?;
        }
        left.add(right, heap)
    }

    fn multiply<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        match (
            Size::of(left),
            left.unpack_i32(),
            Size::of(right),
            right.unpack_i32(),
        ) {
            (Some(size), _, _, Some(times)) | (_, Some(times), Some(size), _) => {
                size.times(times)?;
            }
            _ => {}
        }
        left.mul(right, heap)
    }

    fn percent<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if let Some(format) = left.unpack_str() {
            let parts = TupleRef::from_value(right).map_or(0, |tuple| {
                tuple
                    .iter()
                    .filter_map(Value::unpack_str)
                    .map(str::len)
                    .sum()
            });
            Size::String(format.len()).plus(Size::String(parts))?;
            rendering::check_size(right)?;
        }
        left.percent(right, heap)
    }
}

/// How long a value is that operators can lengthen.
#[derive(Clone, Copy)]
enum Size {
    String(usize),
    List(usize),
}

impl Size {
    fn of(value: Value<'_>) -> Option<Size> {
        if let Some(text) = value.unpack_str() {
            return Some(Size::String(text.len()));
        }
        if let Some(list) = ListRef::from_value(value) {
            return Some(Size::List(list.len()));
        }
        TupleRef::from_value(value).map(|tuple| Size::List(tuple.len()))
    }

    fn plus(self, other: Size) -> starlark::Result<()> {
        match (self, other) {
            (Size::String(a), Size::String(b)) => Size::String(a.saturating_add(b)).check(),
            (Size::List(a), Size::List(b)) => Size::List(a.saturating_add(b)).check(),
            _ => Ok(()),
        }
    }

    fn times(self, times: i32) -> starlark::Result<()> {
        let times = usize::try_from(times).unwrap_or(0);
        match self {
            Size::String(length) => Size::String(length.saturating_mul(times)).check(),
            Size::List(length) => Size::List(length.saturating_mul(times)).check(),
        }
    }

    fn check(self) -> starlark::Result<()> {
        let message = match self {
            Size::String(length) if length > LONGEST_STRING => {
                format!("a string of {length} bytes is too long; it may have 64 MiB")
            }
            Size::List(length) if length > LONGEST_LIST => {
                format!("a list of {length} items is too long; it may have {LONGEST_LIST}")
            }
            _ => return Ok(()),
        };
        Err(report(Diagnostic::error(message)))
    }
}
