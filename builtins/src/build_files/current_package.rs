//! The way from a function that a BUILD file calls to the package it works on.

#![allow(
    unsafe_code,
    reason = "the derived trait is an unsafe one; what the derive writes upholds it"
)]

use kiln_plugin_abi::Diagnostic;
use starlark::any::ProvidesStaticType;
use starlark::eval::Evaluator;

use super::context::PackageContext;
use super::failure::report;

/// What an evaluator carries for the functions it calls.
#[derive(ProvidesStaticType)]
pub(super) struct CurrentPackage<'a>(pub &'a PackageContext<'a>);

impl<'a> CurrentPackage<'a> {
    /// The package whose BUILD file is being evaluated.
    ///
    /// There is none while a loaded file's own statements run: its functions are
    /// macros, and act for whoever calls them.
    pub(super) fn of(
        evaluator: &Evaluator<'_, '_, 'a>,
        function: &str,
    ) -> starlark::Result<&'a PackageContext<'a>> {
        evaluator
            .extra
            .and_then(|extra| extra.downcast_ref::<CurrentPackage<'a>>())
            .map(|current| current.0)
            .ok_or_else(|| {
                report(
                    Diagnostic::error(format!("`{function}` belongs to no package here"))
                        .hint("put the call into a function, and call that from a BUILD file"),
                )
            })
    }
}
