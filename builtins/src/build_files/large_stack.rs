//! A stack that the parser and the evaluator cannot exhaust within the limits
//! that [`nesting`](super::nesting) and [`evaluation`](super::evaluation) set.

use kiln_plugin_abi::Diagnostic;

/// Bytes of address space; only what is used takes memory.
const SIZE: usize = 512 << 20;

/// Runs `work` on a thread of its own and waits for it.
pub(super) fn run<T: Send>(
    work: impl FnOnce() -> Result<T, Diagnostic> + Send,
) -> Result<T, Diagnostic> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("kiln-starlark".to_owned())
            .stack_size(SIZE)
            .spawn_scoped(scope, work)
            .map_err(|error| {
                Diagnostic::error(format!(
                    "cannot start a thread to read BUILD files: {error}"
                ))
            })?;
        thread.join().unwrap_or_else(|_| {
            Err(Diagnostic::error("the Starlark evaluator failed")
                .hint("this is a fault of Kiln; a smaller or simpler file may avoid it"))
        })
    })
}
