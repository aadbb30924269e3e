//! Evaluation within bounds: call depth, steps, memory.

use std::collections::HashMap;
use std::sync::LazyLock;

use kiln_plugin_abi::{Diagnostic, LoadHost, PackagePath};
use starlark::PrintHandler;
use starlark::codemap::FileSpanRef;
use starlark::environment::{FrozenModule, Globals, GlobalsBuilder, LibraryExtension, Module};
use starlark::eval::{BeforeStmtFunc, BeforeStmtFuncDyn, Evaluator, FileLoader};
use starlark::syntax::AstModule;

use super::context::PackageContext;
use super::current_package::CurrentPackage;
use super::failure::{diagnostic_of, report};
use super::{functions, operators};

/// Deepest nesting of calls.
pub(super) const CALL_DEPTH: usize = 200;
/// Most calls and loop rounds of one file.
const STEPS: u64 = 10_000_000;
/// Most bytes of Starlark values of one file.
const HEAP: usize = 256 << 20;
/// Longest text of one `print`, in bytes.
const LONGEST_PRINT: usize = 16 << 10;

static GLOBALS: LazyLock<Globals> = LazyLock::new(|| {
    GlobalsBuilder::extended_by(&[
        LibraryExtension::StructType,
        LibraryExtension::SetType,
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::Partial,
        LibraryExtension::Json,
        LibraryExtension::Print,
    ])
    .with(operators::register)
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
    let printer = Printer {
        package: context.package(),
        host: context.host(),
    };
    let current = CurrentPackage(context);
    Module::with_temp_heap(|environment| {
        let mut evaluator = Evaluator::new(&environment);
        evaluator.extra = Some(&current);
        run(&mut evaluator, module, &loader, &printer)
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
    let printer = Printer { package, host };
    Module::with_temp_heap(|environment| {
        let mut evaluator = Evaluator::new(&environment);
        run(&mut evaluator, module, &loader, &printer)?;
        drop(evaluator);
        environment
            .freeze()
            .map_err(|error| Diagnostic::error(error.err_msg))
    })
}

fn run<'a>(
    evaluator: &mut Evaluator<'_, 'a, '_>,
    module: AstModule,
    loader: &'a Loader<'a>,
    printer: &'a Printer<'a>,
) -> Result<(), Diagnostic> {
    let set_limits = |evaluator: &mut Evaluator<'_, 'a, '_>| {
        evaluator.set_max_callstack_size(CALL_DEPTH).ok()?;
        evaluator.set_max_tick_count(STEPS).ok()?;
        evaluator.set_max_heap_size(HEAP).ok()
    };
    set_limits(evaluator).expect("limits above zero, set once, are taken");
    // Collecting recurses once per level of nested values; the heap's limit is
    // enough for a file that is evaluated once.
    evaluator.disable_gc();
    evaluator.before_stmt_for_dap(BeforeStmtFunc::from_dyn(Box::new(HeapGuard)));
    evaluator.set_loader(loader);
    evaluator.set_print_handler(printer);
    evaluator
        .eval_module(module, &GLOBALS)
        .map(|_| ())
        .map_err(|error| diagnostic_of(&error))
}

/// The error for a file whose values take more than `HEAP`.
pub(super) fn too_much_memory() -> Diagnostic {
    Diagnostic::error("the file takes too much memory to evaluate")
        .hint("the values of one file together may take 256 MiB")
}

/// Looks at the heap before every statement: a string that doubles in a loop
/// reaches gigabytes before the evaluator's own checks come round.
struct HeapGuard;

impl<'e> BeforeStmtFuncDyn<'e> for HeapGuard {
    fn call<'v>(
        &mut self,
        _: FileSpanRef<'_>,
        _: bool,
        evaluator: &mut Evaluator<'v, '_, 'e>,
    ) -> starlark::Result<()> {
        if evaluator.heap().allocated_bytes() > HEAP {
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

struct Printer<'a> {
    package: &'a PackagePath,
    host: &'a dyn LoadHost,
}

impl PrintHandler for Printer<'_> {
    fn println(&self, text: &str) -> starlark::Result<()> {
        let end = (0..=text.len().min(LONGEST_PRINT))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        self.host.print(self.package, &text[..end]);
        Ok(())
    }
}
