//! Who loads which package, and the results of the run so far.

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use kiln_plugin_abi::{Diagnostic, LoadError, PackagePath};

use super::package::LoadedPackage;

/// What loading a package gives.
pub type Loaded = Result<Arc<LoadedPackage>, LoadError>;

/// The packages of a run; each is claimed once.
#[derive(Debug, Default)]
pub(super) struct Claims(DashMap<PackagePath, Arc<OnceLock<Loaded>>>);

impl Claims {
    /// A claim on `package`, for the first who asks.
    pub(super) fn claim(&self, package: &PackagePath) -> Option<Claim> {
        match self.0.entry(package.clone()) {
            Entry::Occupied(_) => None,
            Entry::Vacant(entry) => {
                let cell = Arc::new(OnceLock::new());
                entry.insert(cell.clone());
                Some(Claim {
                    package: package.clone(),
                    cell,
                })
            }
        }
    }

    /// The result for a package that someone has claimed; waits for it.
    pub(super) fn wait(&self, package: &PackagePath) -> Loaded {
        let cell = self.0.get(package).map(|entry| entry.value().clone());
        match cell {
            Some(cell) => cell.wait().clone(),
            None => Err(LoadError::NoPackage),
        }
    }
}

/// The duty to load a package. Dropped without a result (that is, in a panic)
/// it leaves an error, so that nobody waits forever.
#[derive(Debug)]
pub(super) struct Claim {
    pub package: PackagePath,
    cell: Arc<OnceLock<Loaded>>,
}

impl Claim {
    /// Publishes the result.
    pub(super) fn fulfil(self, loaded: Loaded) {
        self.cell.get_or_init(|| loaded);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.cell.get_or_init(|| {
            let message = format!("loading {} was abandoned", self.package);
            Err(LoadError::Faulty(vec![Diagnostic::error(message)]))
        });
    }
}
