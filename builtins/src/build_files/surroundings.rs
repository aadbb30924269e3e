//! What an evaluator carries for the functions that a file calls.

#![allow(
    unsafe_code,
    reason = "the derived trait is an unsafe one; what the derive writes upholds it"
)]

use kiln_plugin_abi::{Diagnostic, LoadHost, PackagePath};
use starlark::any::ProvidesStaticType;
use starlark::eval::Evaluator;

use super::context::PackageContext;
use super::failure::report;

/// Longest text of one `print`, in bytes.
const LONGEST_PRINT: usize = 16 << 10;

/// The package on whose behalf a file is evaluated.
#[derive(ProvidesStaticType)]
pub(super) struct Surroundings<'a> {
    /// Whom messages are from.
    pub package: &'a PackagePath,
    /// Whom messages go to.
    pub host: &'a dyn LoadHost,
    /// What is being declared; nothing while a loaded file's own statements run:
    /// its functions are macros, and act for whoever calls them.
    pub context: Option<&'a PackageContext<'a>>,
}

impl<'a> Surroundings<'a> {
    fn of<'s>(evaluator: &Evaluator<'_, 's, 'a>) -> Option<&'s Surroundings<'a>> {
        evaluator.extra?.downcast_ref::<Surroundings<'a>>()
    }
}

/// The package whose BUILD file is being evaluated.
pub(super) fn current_package<'a>(
    evaluator: &Evaluator<'_, '_, 'a>,
    function: &str,
) -> starlark::Result<&'a PackageContext<'a>> {
    Surroundings::of(evaluator)
        .and_then(|surroundings| surroundings.context)
        .ok_or_else(|| {
            report(
                Diagnostic::error(format!("`{function}` belongs to no package here"))
                    .hint("put the call into a function, and call that from a BUILD file"),
            )
        })
}

/// Sends the author's message to whoever runs the build.
pub(super) fn print(evaluator: &Evaluator<'_, '_, '_>, text: &str) {
    if let Some(surroundings) = Surroundings::of(evaluator) {
        let end = text.floor_char_boundary(LONGEST_PRINT);
        surroundings.host.print(surroundings.package, &text[..end]);
    }
}
