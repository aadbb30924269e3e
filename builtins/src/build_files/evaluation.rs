//! Evaluation within bounds: call depth, steps, memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use kiln_plugin_abi::{Diagnostic, LoadHost, PackagePath};
use starlark::codemap::{FileSpan, FileSpanRef};
use starlark::environment::{FrozenModule, Globals, GlobalsBuilder, LibraryExtension, Module};
use starlark::eval::{BeforeStmtFunc, BeforeStmtFuncDyn, Evaluator, FileLoader};
use starlark::syntax::AstModule;

use super::context::PackageContext;
use super::failure::{diagnostic_of, report, source_span};
use super::surroundings::Surroundings;
use super::{functions, operators, rendering};

/// Deepest nesting of calls.
pub(super) const CALL_DEPTH: usize = 200;
/// Most calls and loop rounds of one file.
const STEPS: u64 = 10_000_000;
/// Most bytes of Starlark values of a BUILD file.
const BUILD_FILE_HEAP: usize = 256 << 20;
/// The same of a loaded file; less, since freezing recurses into its values.
const MODULE_HEAP: usize = 32 << 20;

static GLOBALS: LazyLock<Globals> = LazyLock::new(|| {
    GlobalsBuilder::extended_by(&[
        LibraryExtension::StructType,
        LibraryExtension::SetType,
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::Partial,
    ])
    .with(operators::register)
    .with(rendering::register)
    .with(functions::register)
    .build()
});

/// Modules by the text that `load()` names them with.
pub(super) type LoadedModules = HashMap<String, FrozenModule>;

/// Evaluates a package's file; its targets are left in `context`.
pub(super) fn evaluate_build_file(
    module: AstModule,
    loaded: &LoadedModules,
    context: &PackageContext<'_>,
) -> Result<(), Diagnostic> {
    let loader = Loader(loaded);
    let surroundings = Surroundings {
        package: context.package(),
        host: context.host(),
        context: Some(context),
    };
    Module::with_temp_heap(|environment| {
        let mut evaluator = Evaluator::new(&environment);
        evaluator.extra = Some(&surroundings);
        evaluator.set_loader(&loader);
        run(&mut evaluator, module, BUILD_FILE_HEAP)
    })
}

/// Evaluates a file that others load.
pub(super) fn evaluate_module(
    module: AstModule,
    loaded: &LoadedModules,
    package: &PackagePath,
    host: &dyn LoadHost,
) -> Result<FrozenModule, Diagnostic> {
    let loader = Loader(loaded);
    let surroundings = Surroundings {
        package,
        host,
        context: None,
    };
    Module::with_temp_heap(|environment| {
        let mut evaluator = Evaluator::new(&environment);
        evaluator.extra = Some(&surroundings);
        evaluator.set_loader(&loader);
        run(&mut evaluator, module, MODULE_HEAP)?;
        drop(evaluator);
        environment
            .freeze()
            .map_err(|error| Diagnostic::error(error.err_msg))
    })
}

fn run(
    evaluator: &mut Evaluator<'_, '_, '_>,
    module: AstModule,
    heap: usize,
) -> Result<(), Diagnostic> {
    let set_limits = |evaluator: &mut Evaluator<'_, '_, '_>| {
        evaluator.set_max_callstack_size(CALL_DEPTH).ok()?;
        evaluator.set_max_tick_count(STEPS).ok()?;
        evaluator.set_max_heap_size(heap).ok()
    };
    set_limits(evaluator).expect("limits above zero, set once, are taken");
    // Collecting recurses once per level of nested values; the heap's limit is
    // enough for a file that is evaluated once.
    evaluator.disable_gc();
    let last_statement = Rc::new(RefCell::new(None));
    evaluator.before_stmt_for_dap(BeforeStmtFunc::from_dyn(Box::new(StatementWatch {
        heap,
        last: Rc::clone(&last_statement),
    })));
    evaluator
        .eval_module(module, &GLOBALS)
        .map(|_| ())
        .map_err(|error| {
            let diagnostic = diagnostic_of(&error);
            match &*last_statement.borrow() {
                Some(place) => diagnostic.at(&source_span(place)),
                None => diagnostic,
            }
        })
}

/// The error for a file whose values take too much.
pub(super) fn too_much_memory() -> Diagnostic {
    Diagnostic::error("the file takes too much memory to evaluate").hint(format!(
        "the values of a BUILD file together may take {} MiB, of a loaded file {} MiB",
        BUILD_FILE_HEAP >> 20,
        MODULE_HEAP >> 20
    ))
}

/// Looks at the heap before every statement: a string that doubles in a loop
/// reaches gigabytes before the evaluator's own checks come round. Remembers the
/// statement for errors that have no place of their own.
struct StatementWatch {
    heap: usize,
    last: Rc<RefCell<Option<FileSpan>>>,
}

impl<'e> BeforeStmtFuncDyn<'e> for StatementWatch {
    fn call<'v>(
        &mut self,
        statement: FileSpanRef<'_>,
        _: bool,
        evaluator: &mut Evaluator<'v, '_, 'e>,
    ) -> starlark::Result<()> {
        self.last.replace(Some(statement.to_file_span()));
        if evaluator.heap().allocated_bytes() > self.heap {
            return Err(report(too_much_memory()));
        }
        Ok(())
    }
}

struct Loader<'a>(&'a LoadedModules);

impl FileLoader for Loader<'_> {
    fn load(&self, path: &str) -> starlark::Result<FrozenModule> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| report(Diagnostic::error(format!("`{path}` was not loaded"))))
    }
}
