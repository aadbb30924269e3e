//! Loads packages for one run: from the snapshot where it still holds, by
//! evaluation where it does not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use kiln_plugin_abi::{Digest, Driver, Label, LoadError, PackagePath, Provider, Target};
use rayon::prelude::*;

use super::changes::{Change, Changes};
use super::chunks;
use super::claims::{Claims, Loaded};
use super::discovery::Discovery;
use super::evaluate::Sources;
use super::host::PackageHost;
use super::notes::Notes;
use super::package::LoadedPackage;
use super::seen::Seen;
use super::snapshot::{self, RawRecord, Snapshot};
use super::validity::{self, Validity};
use super::workspace::Workspace;
use crate::events::EventSink;
use crate::sys::fs::FsResult;

/// What a [`Loader`] works with.
pub struct LoaderSetup {
    /// Where packages lie.
    pub workspace: Workspace,
    /// Asked in this order who serves a package.
    pub providers: Vec<Arc<dyn Provider>>,
    /// Known to specs by their names.
    pub drivers: Vec<Arc<dyn Driver>>,
    /// The snapshot's file, absolute; need not exist.
    pub snapshot: PathBuf,
    /// What else gives packages their meaning: a snapshot is used only by runs
    /// with the same text here.
    pub identity: String,
    /// Told of `print()` and of warnings.
    pub sink: Arc<dyn EventSink>,
}

/// Loads packages for one run; all of them from one picture of the workspace.
///
/// Safe to use from several threads, but not from threads of rayon's pool: they
/// could wait for work that only they themselves can do.
pub struct Loader {
    seen: Seen,
    sources: Sources,
    sink: Arc<dyn EventSink>,
    identity: Digest,
    snapshot_path: PathBuf,
    snapshot: Option<Snapshot>,
    claims: Claims,
    parametrised: DashMap<Label, Result<Option<Arc<Target>>, LoadError>>,
    discovery: Discovery,
    changes: Changes,
    evaluated: AtomicU64,
}

impl Loader {
    /// A loader that has loaded nothing yet. Maps the snapshot if there is one
    /// that can be used.
    #[must_use]
    pub fn new(setup: LoaderSetup) -> Loader {
        let sources = Sources::new(setup.providers, setup.drivers);
        let Workspace {
            build_files,
            ignore,
            ..
        } = &setup.workspace;
        let identity = format!(
            "{}\n{build_files:?}\n{ignore:?}\n{}",
            setup.identity,
            sources.identity()
        );
        let identity = Digest::of(identity.as_bytes());
        Loader {
            seen: Seen::new(setup.workspace),
            sources,
            sink: setup.sink,
            snapshot: Snapshot::open(&setup.snapshot, &identity),
            snapshot_path: setup.snapshot,
            identity,
            claims: Claims::default(),
            parametrised: DashMap::new(),
            discovery: Discovery::default(),
            changes: Changes::default(),
            evaluated: AtomicU64::new(0),
        }
    }

    /// Loads packages, in parallel, each once per run. The answers stand in the
    /// order of the questions.
    pub fn load(&self, packages: &[PackagePath]) -> Vec<(PackagePath, Loaded)> {
        let claims: Vec<_> = packages
            .iter()
            .filter_map(|package| self.claims.claim(package))
            .collect();
        claims.into_par_iter().with_max_len(1).for_each(|claim| {
            let loaded = self.load_one(&claim.package);
            claim.fulfil(loaded);
        });
        let answer = |package: &PackagePath| (package.clone(), self.claims.wait(package));
        packages.iter().map(answer).collect()
    }

    fn load_one(&self, package: &PackagePath) -> Loaded {
        match self.load_stored(package) {
            Some(loaded) => Ok(Arc::new(loaded)),
            None => self.evaluate(package),
        }
    }

    /// The package as an earlier run left it, if that still holds.
    fn load_stored(&self, package: &PackagePath) -> Option<LoadedPackage> {
        let record = self.snapshot.as_ref()?.package(package)?;
        let notes = Notes::read(&record.header)?;
        let refreshed = match validity::check(&notes, record.header.recorded, &self.seen) {
            Validity::Changed => return None,
            Validity::Same => None,
            Validity::Refreshed(notes) => Some(notes),
        };
        let targets = chunks::read(record.targets, package, record.header.targets)?;
        if let Some(notes) = refreshed {
            self.changes.add(package, Change::Refreshed(notes));
        }
        Some(LoadedPackage::new(package.clone(), targets))
    }

    fn evaluate(&self, package: &PackagePath) -> Loaded {
        self.evaluated.fetch_add(1, Ordering::Relaxed);
        let host = PackageHost::new(&self.seen, &*self.sink);
        match self.sources.package(package, &host) {
            Ok(targets) => {
                let loaded = Arc::new(LoadedPackage::new(package.clone(), targets));
                // Virtual packages depend on what no note can hold.
                if !package.is_virtual() {
                    let change = Change::Evaluated(host.into_notes(), loaded.clone());
                    self.changes.add(package, change);
                }
                Ok(loaded)
            }
            Err(error) => {
                let stored = self.snapshot.as_ref();
                if error == LoadError::NoPackage
                    && stored.is_some_and(|stored| stored.package(package).is_some())
                {
                    self.changes.add(package, Change::Gone);
                }
                Err(error)
            }
        }
    }

    /// The target of any label, made for the occasion when it has parameters;
    /// `None` when its package has no such target.
    pub fn target(&self, label: &Label) -> Result<Option<Arc<Target>>, LoadError> {
        if label.parameters().is_empty() {
            let package = self.load(std::slice::from_ref(label.package()));
            let found = package.into_iter().map(|(_, loaded)| {
                loaded.map(|package| package.get(label.name()).cloned().map(Arc::new))
            });
            return found.last().unwrap_or(Err(LoadError::NoPackage));
        }
        if let Some(known) = self.parametrised.get(label) {
            return known.clone();
        }
        let host = PackageHost::new(&self.seen, &*self.sink);
        let made = self.sources.parametrised(label, &host);
        let made = made.map(|target| target.map(Arc::new));
        let entry = self.parametrised.entry(label.clone());
        entry.or_insert(made).clone()
    }

    /// The packages at and below `base`, sorted; none when there is no such
    /// directory.
    pub fn packages_below(&self, base: &PackagePath) -> Result<Vec<PackagePath>, LoadError> {
        let faulty = |diagnostic| LoadError::Faulty(vec![diagnostic]);
        let host = PackageHost::new(&self.seen, &*self.sink);
        let directory = base.directory();
        if base.is_virtual() || !host.is_directory(&directory).map_err(faulty)? {
            return Ok(Vec::new());
        }
        let stored = || self.stored_directories();
        self.discovery
            .packages_below(&directory, &self.seen, &*self.sink, stored)
            .map_err(faulty)
    }

    fn stored_directories(&self) -> kiln_proto::snapshot::WalkedDirectories {
        let stored = self.snapshot.as_ref();
        stored.map(Snapshot::directories).unwrap_or_default()
    }

    /// How many packages had to be evaluated.
    #[must_use]
    pub fn packages_evaluated(&self) -> u64 {
        self.evaluated.load(Ordering::Relaxed)
    }

    /// Writes the snapshot for the next run when there is something new; true
    /// when it did. Records of packages that this run did not reach are kept.
    pub fn save(&self) -> FsResult<bool> {
        let (changes_are_new, discovery_is_new) = (self.changes.are_new(), self.discovery.is_new());
        if !changes_are_new && !discovery_is_new {
            return Ok(false);
        }
        let changes = self
            .changes
            .encode(self.snapshot.as_ref(), self.seen.recorded());
        let mut records: BTreeMap<&str, RawRecord<'_>> = BTreeMap::new();
        if let Some(snapshot) = &self.snapshot {
            let kept = snapshot.raw_packages();
            records.extend(kept.filter(|(package, _)| !self.discovery.has_gone(package)));
        }
        for (package, record) in &changes {
            match record {
                Some(bytes) => records.insert(package.as_str(), RawRecord::new(bytes)),
                None => records.remove(package.as_str()),
            };
        }
        let directories = self.discovery.write(|| self.stored_directories());
        snapshot::write(
            &self.snapshot_path,
            &self.identity,
            records.into_iter(),
            &directories,
        )?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
