//! Kiln's built-in providers and drivers.
//!
//! [`providers`] say which targets there are: those of BUILD files, of `@fs` and
//! of `@host`. [`drivers`] say what they mean. Both are plain implementations of
//! the traits in `kiln-plugin-abi`; the crate knows nothing of the engine.

mod build_files;
mod drivers;
mod fs;
mod host;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use kiln_plugin_abi::{Driver, Provider};

pub use build_files::BuildFileProvider;
pub use drivers::{Bash, Exec, Files, Group, Sh, TextFile};
pub use fs::FileSystemProvider;
pub use host::HostToolProvider;

/// Every built-in provider, in the order in which they are asked. Loaded modules
/// are cached in them, so they live as long as one request.
#[must_use]
pub fn providers() -> Vec<Arc<dyn Provider>> {
    vec![
        Arc::new(FileSystemProvider),
        Arc::new(HostToolProvider),
        Arc::new(BuildFileProvider::default()),
    ]
}

/// Every built-in driver.
#[must_use]
pub fn drivers() -> Vec<Arc<dyn Driver>> {
    vec![
        Arc::new(Sh),
        Arc::new(Bash),
        Arc::new(Exec),
        Arc::new(Group),
        Arc::new(TextFile),
        Arc::new(Files),
    ]
}
