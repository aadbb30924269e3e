//! The first stage: from package paths to targets.
//!
//! A package is evaluated by its provider and drivers, or taken from the
//! snapshot of an earlier run when everything its evaluation looked at is still
//! as it was. The stage knows nothing of graphs, keys or actions.
//!
//! ```text
//! loader ─ snapshot ─▶ validity ─ still as it was ──────────────▶ LoadedPackage
//!    └────── evaluate ─▶ provider ─▶ host (notes what is asked) ─▶ drivers ─▶ checks ─┘
//! ```

mod changes;
mod checks;
mod chunks;
mod claims;
mod directories;
mod discovery;
mod evaluate;
mod glob;
mod host;
mod loader;
mod mapped;
mod notes;
mod package;
mod probe;
mod seen;
mod snapshot;
mod stamp;
mod validity;
mod walk;
mod workspace;

pub use claims::Loaded;
pub use loader::{Loader, LoaderSetup};
pub use package::LoadedPackage;
pub use workspace::Workspace;

#[cfg(test)]
mod fake;
