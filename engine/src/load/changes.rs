//! What this run learned that the snapshot does not hold yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kiln_plugin_abi::PackagePath;
use prost::Message;
use rayon::prelude::*;

use super::chunks;
use super::notes::Notes;
use super::package::LoadedPackage;
use super::snapshot::Snapshot;

/// What became of one package.
#[derive(Debug)]
pub(super) enum Change {
    /// It was evaluated.
    Evaluated(Notes, Arc<LoadedPackage>),
    /// Its record holds, and these notes say so with less effort.
    Refreshed(Notes),
    /// There is no such package any more.
    Gone,
}

/// The changes of a run.
#[derive(Debug, Default)]
pub(super) struct Changes {
    of: Mutex<BTreeMap<PackagePath, Change>>,
    unsaved: AtomicBool,
}

/// The bytes of a changed package's record; `None` when it has none.
pub(super) type Encoded = BTreeMap<PackagePath, Option<Vec<u8>>>;

impl Changes {
    pub(super) fn add(&self, package: &PackagePath, change: Change) {
        self.lock().insert(package.clone(), change);
        self.unsaved.store(true, Ordering::Relaxed);
    }

    /// True when there are changes since the last time that this was asked.
    pub(super) fn are_new(&self) -> bool {
        self.unsaved.swap(false, Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PackagePath, Change>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records of all packages that changed in this run. The notes were
    /// taken at `recorded` or later.
    pub(super) fn encode(&self, old: Option<&Snapshot>, recorded: i64) -> Encoded {
        let record = |(package, change): (&PackagePath, &Change)| {
            let record = encode(package, change, old, recorded);
            (package.clone(), record)
        };
        self.lock().par_iter().map(record).collect()
    }
}

fn encode(
    package: &PackagePath,
    change: &Change,
    old: Option<&Snapshot>,
    recorded: i64,
) -> Option<Vec<u8>> {
    match change {
        Change::Gone => None,
        Change::Refreshed(notes) => {
            let old = old?.package(package)?;
            let header = notes.write(recorded, old.header.targets as usize);
            let mut record = header.encode_length_delimited_to_vec();
            record.extend_from_slice(old.targets);
            Some(record)
        }
        Change::Evaluated(notes, loaded) => {
            let header = notes.write(recorded, loaded.targets().len());
            let mut record = header.encode_length_delimited_to_vec();
            chunks::write(loaded.targets(), &mut record).ok()?;
            Some(record)
        }
    }
}
