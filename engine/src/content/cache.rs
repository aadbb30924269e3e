//! Fingerprints remembered between runs, so that an unchanged file costs one
//! `statx`.
//!
//! A remembered fingerprint holds while the file's stat is the same *and* the
//! file's change time was at least two seconds older than a probe file written
//! just before the content was hashed: a write within the clock's granularity
//! would not show otherwise. A younger entry, or one from the future, is hashed
//! again in each run until it has settled. The wall clock plays no part.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use kiln_plugin_abi::WorkspacePath;
use rayon::prelude::*;

use super::fingerprint::{Fingerprint, fingerprint_open};
use super::source::{Source, SourceError, real_path};
use super::table::{Record, Table};
use crate::sys::fs::{self, FsError, FsResult};
use crate::sys::open::{met_a_link, open_directory, open_without_links};
use crate::sys::stat::{EntryKind, FileStat, FileStatus, status_at, status_of_open};

/// How much older than the probe a change time must be.
const SETTLING_NS: i64 = 2_000_000_000;

/// The same for a file on another device than the probe, whose clock may be
/// that of a server.
const FOREIGN_SETTLING_NS: i64 = 3600 * 1_000_000_000;

/// Fewest paths that are worth handing to another thread.
const BATCH: usize = 64;

/// What a cache has done in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Files examined with `statx`.
    pub stats: u64,
    /// Files whose bytes were read and hashed.
    pub files_hashed: u64,
    /// Bytes of those files.
    pub bytes_hashed: u64,
}

/// The fingerprints of one workspace.
#[derive(Debug)]
pub struct FingerprintCache {
    file: PathBuf,
    probe: Option<FileStat>,
    remembered: Table,
    learnt: Mutex<BTreeMap<WorkspacePath, Record>>,
    stats: AtomicU64,
    files_hashed: AtomicU64,
    bytes_hashed: AtomicU64,
}

impl FingerprintCache {
    /// Reads `file`, and writes a probe beside it. A file that is missing,
    /// damaged or of another version is an empty cache; without a probe (a
    /// directory that cannot be written) nothing new settles.
    #[must_use]
    pub fn load(file: &Path) -> FingerprintCache {
        FingerprintCache {
            probe: file.parent().and_then(|state| write_probe(state).ok()),
            file: file.to_owned(),
            remembered: fs::read(file).map(Table::from_bytes).unwrap_or_default(),
            learnt: Mutex::default(),
            stats: AtomicU64::default(),
            files_hashed: AtomicU64::default(),
            bytes_hashed: AtomicU64::default(),
        }
    }

    /// The fingerprints of `paths` below `root`, in their order, computed in
    /// parallel on the calling thread's rayon pool. Only files that are new or
    /// look changed are read.
    ///
    /// The caller asks for each path once per run: a second answer could differ.
    pub fn fingerprints(
        &self,
        root: &Path,
        paths: &[WorkspacePath],
    ) -> FsResult<Vec<Result<Source, SourceError>>> {
        let directory = open_directory(root)?;
        let place = Place {
            root,
            directory: &directory,
        };
        let answers: Vec<_> = paths
            .par_iter()
            .with_min_len(BATCH)
            .map(|path| self.examine(&place, path))
            .collect();
        Ok(answers)
    }

    /// Writes the file anew when this run learnt something.
    pub fn save(&self) -> FsResult<()> {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if learnt.is_empty() {
            return Ok(());
        }
        let mut merged: BTreeMap<&str, Record> = self.remembered.iter().collect();
        merged.extend(learnt.iter().map(|(path, record)| (path.as_str(), *record)));
        fs::write_atomically(&self.file, Table::build(merged.into_iter()).as_bytes())
    }

    /// What this cache has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            stats: self.stats.load(Ordering::Relaxed),
            files_hashed: self.files_hashed.load(Ordering::Relaxed),
            bytes_hashed: self.bytes_hashed.load(Ordering::Relaxed),
        }
    }

    fn examine(&self, place: &Place<'_>, path: &WorkspacePath) -> Result<Source, SourceError> {
        let status = self.status(place, path)?;
        let fingerprint = match status.kind {
            EntryKind::File => self.regular_file(place, path, &status)?,
            EntryKind::Link => None,
            kind => {
                return Err(SourceError::NotRegular {
                    path: place.absolute(path),
                    kind,
                });
            }
        };
        match fingerprint {
            Some(fingerprint) => Ok(Source {
                fingerprint,
                real_path: None,
            }),
            None => self.behind_links(place, path),
        }
    }

    /// A path with links in it is resolved anew each time; only the file at its
    /// end is remembered.
    fn behind_links(&self, place: &Place<'_>, path: &WorkspacePath) -> Result<Source, SourceError> {
        let absolute = place.absolute(path);
        let real_path = real_path(place.root, &absolute)?;
        let status = self.status(place, &real_path)?;
        if status.kind != EntryKind::File {
            return Err(SourceError::LinkToOther {
                path: absolute,
                kind: status.kind,
            });
        }
        let fingerprint = self.regular_file(place, &real_path, &status)?;
        Ok(Source {
            fingerprint: fingerprint.ok_or(SourceError::ChangedWhileRead { path: absolute })?,
            real_path: Some(real_path),
        })
    }

    /// The fingerprint of a regular file, remembered or fresh; `None` when the
    /// way to it leads through a link.
    fn regular_file(
        &self,
        place: &Place<'_>,
        path: &WorkspacePath,
        status: &FileStatus,
    ) -> Result<Option<Fingerprint>, SourceError> {
        if let Some(fingerprint) = self.recall(path, status) {
            return Ok(Some(fingerprint));
        }
        let absolute = place.absolute(path);
        let opened = open_without_links(place.directory.as_fd(), path.as_str().as_ref());
        let mut file = match opened {
            Err(error) if met_a_link(&error) => return Ok(None),
            opened => fs::named("open", &absolute, opened)?,
        };
        let fingerprint = fingerprint_open(&mut file, status, &absolute)?;
        self.files_hashed.fetch_add(1, Ordering::Relaxed);
        self.bytes_hashed
            .fetch_add(fingerprint.digest.size(), Ordering::Relaxed);
        let record = Record {
            fingerprint,
            settled: self.is_settled(&fingerprint.stat),
        };
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.insert(path.clone(), record);
        Ok(Some(fingerprint))
    }

    fn recall(&self, path: &WorkspacePath, status: &FileStatus) -> Option<Fingerprint> {
        let record = self.remembered.get(path.as_str())?;
        let holds = record.settled
            && record.fingerprint.stat == status.stat
            && record.fingerprint.executable == status.executable
            && !self.lies_in_the_future(&status.stat);
        holds.then_some(record.fingerprint)
    }

    /// A change time later than the probe's was made by another clock, which
    /// may make it again.
    fn lies_in_the_future(&self, stat: &FileStat) -> bool {
        self.probe
            .is_some_and(|probe| stat.device == probe.device && stat.ctime_ns > probe.ctime_ns)
    }

    fn is_settled(&self, stat: &FileStat) -> bool {
        self.probe.is_some_and(|probe| {
            let margin = if stat.device == probe.device {
                SETTLING_NS
            } else {
                FOREIGN_SETTLING_NS
            };
            stat.ctime_ns.saturating_add(margin) <= probe.ctime_ns
        })
    }

    fn status(&self, place: &Place<'_>, path: &WorkspacePath) -> Result<FileStatus, SourceError> {
        self.stats.fetch_add(1, Ordering::Relaxed);
        status_at(place.directory.as_fd(), path.as_str().as_ref()).map_err(|source| {
            let error = FsError::new("examine", place.absolute(path), source);
            if error.is_not_found() {
                SourceError::Missing { path: error.path }
            } else {
                error.into()
            }
        })
    }
}

/// A workspace's directory, by path for messages and open for calls.
struct Place<'a> {
    root: &'a Path,
    directory: &'a File,
}

impl Place<'_> {
    fn absolute(&self, path: &WorkspacePath) -> PathBuf {
        self.root.join(path.as_str())
    }
}

/// Writes a file into `directory`, and answers what the file system made of
/// its time stamps.
fn write_probe(directory: &Path) -> FsResult<FileStat> {
    fs::create_dir_all(directory)?;
    let probe = fs::named(
        "create a file in",
        directory,
        tempfile::tempfile_in(directory),
    )?;
    fs::named("examine a file in", directory, status_of_open(&probe)).map(|status| status.stat)
}

#[cfg(test)]
mod tests;
