//! Runs that use the store: who lives, what they need, what the dead left.
//!
//! A run holds its lease file locked; the lock goes with the process, however
//! it ends. The file lists the keys that the run has found, so that nothing
//! they need is thrown away under it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::layout::{Layout, Place};
use crate::key::ActionKey;
use crate::sys::frozen::open_writable;
use crate::sys::fs::{self, FsError, FsResult};
use crate::sys::lock::{LockKind, Range, try_lock};
use crate::sys::stat::status_of_open;

const LIFE: Range = Range {
    start: 0,
    length: 0,
};

/// What a run did, for statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunSummary {
    /// Actions whose result was found.
    pub found: u64,
    /// Actions that ran.
    pub ran: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Length of the run in milliseconds.
    pub wall_ms: u64,
}

/// The lease of this process's run; given back when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    layout: Layout,
    name: String,
    path: tempfile::TempPath,
    file: Mutex<File>,
}

impl Lease {
    /// Takes a lease on the store.
    pub(super) fn take(layout: &Layout) -> FsResult<Lease> {
        let runs = layout.path(Place::Runs);
        loop {
            let created = tempfile::Builder::new().prefix("run-").tempfile_in(&runs);
            let (file, path) = fs::named("create a file in", &runs, created)?.into_parts();
            let alone = try_lock(&file, LockKind::Exclusive, LIFE);
            fs::named("lock", &path, alone)?;
            // Between creation and lock somebody may have taken it for a dead
            // run's and removed it.
            if fs::symlink_metadata(&path)?.is_none() {
                continue;
            }
            let name = file_name(&path);
            write_header(&file, &path)?;
            return Ok(Lease {
                layout: layout.clone(),
                name,
                path,
                file: Mutex::new(file),
            });
        }
    }

    /// The directory for contents that this run is writing.
    pub(super) fn temporary(&self) -> PathBuf {
        self.layout.path(Place::Temporary).join(&self.name)
    }

    /// The directory for this run's actions.
    pub(super) fn scratch(&self) -> PathBuf {
        self.layout.path(Place::Scratch).join(&self.name)
    }

    /// Notes that this run relies on the results of `keys`.
    pub(super) fn rely_on(&self, keys: impl Iterator<Item = ActionKey>) -> FsResult<()> {
        let bytes: Vec<u8> = keys.flat_map(|key| key.0).collect();
        if bytes.is_empty() {
            return Ok(());
        }
        let mut file = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        fs::named("write", &self.path, file.write_all(&bytes))
    }

    /// The other runs that live.
    pub(super) fn others(&self) -> FsResult<Vec<LivingRun>> {
        let mut living = Vec::new();
        for (name, path) in leases(&self.layout)? {
            if name != self.name
                && let Some(run) = LivingRun::read(&path)?
            {
                living.push(run);
            }
        }
        Ok(living)
    }

    /// Removes what runs left that are dead.
    pub(super) fn sweep(&self) -> FsResult<()> {
        for (name, path) in leases(&self.layout)? {
            if name != self.name && LivingRun::read(&path)?.is_none() {
                // The lease goes last: it is what leads to the rest.
                for place in [Place::Temporary, Place::Scratch] {
                    fs::remove_dir_all(&self.layout.path(place).join(&name))?;
                }
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        for directory in [self.temporary(), self.scratch()] {
            // What stays is swept by the next run.
            let _ = fs::remove_dir_all(&directory);
        }
    }
}

/// A run of another process, or another store handle of this one.
#[derive(Debug)]
pub(super) struct LivingRun {
    /// When it began, by the file system's clock, in nanoseconds.
    pub(super) began_ns: i64,
    /// The results that it has found.
    pub(super) keys: Vec<ActionKey>,
}

impl LivingRun {
    /// Reads a lease; `None` when its run is dead.
    fn read(path: &Path) -> FsResult<Option<LivingRun>> {
        let mut file = match open_writable(path) {
            Err(error) if error.is_not_found() => return Ok(None),
            opened => opened?,
        };
        if fs::named("lock", path, try_lock(&file, LockKind::Exclusive, LIFE))? {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(|error| FsError::new("read", path, error))?;
        // A lease without a header was taken this very moment: nothing is older.
        let (header, keys) = bytes.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        let (keys, _) = keys.as_chunks::<32>();
        Ok(Some(LivingRun {
            began_ns: i64::from_le_bytes(*header),
            keys: keys.iter().map(|key| ActionKey(*key)).collect(),
        }))
    }
}

/// The lease begins with its own change time, which later writes would hide.
fn write_header(mut file: &File, path: &Path) -> FsResult<()> {
    let status = fs::named("examine", path, status_of_open(file))?;
    fs::named(
        "write",
        path,
        file.write_all(&status.stat.ctime_ns.to_le_bytes()),
    )
}

fn leases(layout: &Layout) -> FsResult<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(&layout.path(Place::Runs))?;
    Ok(entries
        .into_iter()
        .map(|entry| (file_name(&entry.path()), entry.path()))
        .collect())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
