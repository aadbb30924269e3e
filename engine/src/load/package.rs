//! A package with all its targets understood.

use kiln_plugin_abi::{PackagePath, Target, TargetName};

/// The targets of one package.
#[derive(Debug, PartialEq)]
pub struct LoadedPackage {
    path: PackagePath,
    targets: Vec<Target>,
}

impl LoadedPackage {
    /// A package of targets with different names, all of it.
    pub(crate) fn new(path: PackagePath, mut targets: Vec<Target>) -> LoadedPackage {
        let name = |target: &Target| target.label.name().clone();
        if !targets.is_sorted_by(|a, b| a.label.name() < b.label.name()) {
            targets.sort_by_cached_key(name);
        }
        LoadedPackage { path, targets }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &PackagePath {
        &self.path
    }

    /// Its targets, sorted by name.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Where the target of this name stands among [`targets`](Self::targets).
    #[must_use]
    pub fn position(&self, name: &TargetName) -> Option<usize> {
        self.targets
            .binary_search_by(|target| target.label.name().cmp(name))
            .ok()
    }

    /// The target of this name.
    #[must_use]
    pub fn get(&self, name: &TargetName) -> Option<&Target> {
        self.position(name).map(|at| &self.targets[at])
    }
}
