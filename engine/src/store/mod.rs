//! The local store: action results, file contents, locks, limits.
//!
//! What is trusted are the digests of bytes; nothing on disk is. Whatever is
//! damaged, lost or of another version reads as absent, and whatever cannot be
//! written is told once: a build is more important than its store. [`Store`] is
//! the whole of it for one process; `layout` says where things are, `contents`
//! and `results` what they are, `index` how the database is read and written,
//! `collect` what is thrown away, `flight` who runs an action that several want.

mod age;
mod blobs;
mod collect;
mod contents;
pub mod flight;
mod index;
mod layout;
mod log;
mod opening;
mod record;
mod results;
mod runs;
mod seal;
mod select;
mod stats;
mod warnings;

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use kiln_plugin_abi::{Diagnostic, Digest};

pub use age::StoreTime;
pub use collect::{Collected, Limits};
pub use contents::{Content, Fault, MissingContent, PutError, Verify};
pub use index::{IndexError, WriteCounters};
pub use layout::{Layout, Place};
pub use log::{LogChunk, LogRecord, LogStream, StoredLog};
pub use opening::StoreOptions;
pub use record::ActionResult;
pub use runs::RunSummary;
pub use stats::Stats;

use collect::Collector;
use contents::Contents;
use flight::Flights;
use index::{Index, Write};
use results::Results;
use runs::Lease;
use warnings::Warnings;

use crate::artifact::Listing;
use crate::artifact::tar::ContentSource;
use crate::key::ActionKey;
use crate::sys::clock;
use crate::sys::frozen::open_or_create;
use crate::sys::fs::{self, FsError, FsResult};
use crate::sys::lock::{LockKind, try_lock};

/// A store as one run uses it. All calls may block on the disk, and may be made
/// from any thread.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    limits: Limits,
    now: StoreTime,
    warnings: Arc<Warnings>,
    /// `None` when there is no database that can be read.
    index: Option<Arc<Index>>,
    results: Option<Results>,
    contents: Arc<Contents>,
    /// `None` when the store cannot be written.
    lease: Option<Lease>,
    flights: Option<Arc<Flights>>,
}

impl Store {
    /// The results of `keys`, in their order. What is found is safe from
    /// collection until this store is dropped.
    #[must_use]
    pub fn results(&self, keys: &[ActionKey]) -> Vec<Option<Arc<ActionResult>>> {
        let Some(results) = &self.results else {
            return vec![None; keys.len()];
        };
        let found = results.get(keys);
        if let Some(lease) = &self.lease {
            let hits = keys.iter().zip(&found);
            let hits = hits.filter(|(_, result)| result.is_some());
            // A lease that cannot be written only means that a collection may
            // take what is then made again.
            let _ = lease.rely_on(hits.map(|(key, _)| *key));
        }
        found
    }

    /// Stores a result, and what explains its key. Everything that the result
    /// names must have been put before. It is written in the background; see
    /// [`Store::flush`].
    pub fn publish(&self, key: ActionKey, result: &ActionResult, manifest: &[u8]) -> bool {
        self.results
            .as_ref()
            .is_some_and(|results| results.put(key, result, manifest))
    }

    /// Forgets a result that turned out to be of no use.
    pub fn forget(&self, key: ActionKey) {
        if let Some(results) = &self.results {
            results.forget(key);
        }
    }

    /// What was published to explain `key`.
    #[must_use]
    pub fn manifest(&self, key: &ActionKey) -> Option<Bytes> {
        self.results.as_ref()?.manifest(*key)
    }

    /// The log of a result; `None` when the action wrote nothing.
    pub fn log(&self, result: &ActionResult) -> Result<Option<Arc<LogRecord>>, MissingContent> {
        match &result.log {
            None => Ok(None),
            Some(StoredLog::Here(log)) => Ok(Some(log.clone())),
            Some(StoredLog::Elsewhere(digest)) => {
                let bytes = self.contents.read_part(digest)?;
                let log = LogRecord::decode(bytes).ok_or(MissingContent {
                    digest: *digest,
                    fault: Fault::Damaged,
                })?;
                Ok(Some(Arc::new(log)))
            }
        }
    }

    /// Stores the content of an open file of `size` bytes, read from its start.
    /// The file itself may become part of the store: it must not be written
    /// afterwards.
    pub fn put_file(&self, file: &File, size: u64, executable: bool) -> Result<Digest, PutError> {
        self.contents.put_file(file, size, executable)
    }

    /// Stores a content that is in memory.
    pub fn put_bytes(&self, bytes: Bytes, executable: bool) -> Result<Digest, PutError> {
        self.contents.put_bytes(bytes, executable)
    }

    /// Opens a content; `executable` as in the listing that names it.
    pub fn open_content(
        &self,
        digest: &Digest,
        executable: bool,
    ) -> Result<Content, MissingContent> {
        self.contents.open(digest, executable)
    }

    /// For each listing, whether all of its files are here. Cheap, and checks
    /// lengths only.
    #[must_use]
    pub fn contains_all(&self, listings: &[&Listing]) -> Vec<bool> {
        self.contents.contain_all(listings)
    }

    /// The contents as the tar writer wants them.
    #[must_use]
    pub fn content_source(&self) -> &impl ContentSource {
        &*self.contents
    }

    /// Remembers how long the action of `label` took.
    pub fn note_duration(&self, label: &str, wall_ms: u64) {
        self.write(Write::Duration {
            label: label.to_owned(),
            wall_ms,
            used: self.now,
        });
    }

    /// How long actions took when they last ran, in milliseconds by label.
    #[must_use]
    pub fn durations(&self) -> HashMap<String, u64> {
        let read = |connection: &rusqlite::Connection| {
            let mut statement = connection.prepare("SELECT label, wall_ms FROM durations")?;
            let rows = statement.query_map([], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
            })?;
            rows.collect()
        };
        let index = self.index.as_ref();
        index.and_then(|index| index.read(read)).unwrap_or_default()
    }

    /// A directory for this run's actions, on the file system of the contents;
    /// it is removed with the run.
    pub fn scratch(&self) -> FsResult<Option<PathBuf>> {
        let Some(lease) = &self.lease else {
            return Ok(None);
        };
        let scratch = lease.scratch();
        fs::create_dir_all(&scratch)?;
        Ok(Some(scratch))
    }

    /// Who runs what, among all processes that use this store; `None` when the
    /// store cannot be written.
    #[must_use]
    pub fn flights(&self) -> Option<&Arc<Flights>> {
        self.flights.as_ref()
    }

    /// Ends a run: notes what it used, writes everything that waits, and throws
    /// away what is too much or left by runs that died.
    pub fn finish(&self, summary: RunSummary) -> FsResult<Collected> {
        if let Some(results) = &self.results {
            results.note_uses();
        }
        self.write(Write::Run(summary, self.now));
        self.flush();
        if let Some(lease) = &self.lease {
            lease.sweep()?;
        }
        match &self.index {
            Some(index) if stats::total_bytes(index) > self.limits.max_size => {
                self.collect(self.limits)
            }
            _ => Ok(Collected::default()),
        }
    }

    /// Throws away what is beyond `limits`; nothing when another process is at
    /// it, or the store cannot be written.
    pub fn collect(&self, limits: Limits) -> FsResult<Collected> {
        let (Some(index), Some(lease)) = (&self.index, &self.lease) else {
            return Ok(Collected::default());
        };
        let path = self.layout.path(Place::Locks);
        let locks = open_or_create(&path)?;
        let alone = try_lock(&locks, LockKind::Exclusive, layout::COLLECTING);
        if !alone.map_err(|error| FsError::new("lock", &path, error))? {
            return Ok(Collected::default());
        }
        let collector = Collector {
            layout: &self.layout,
            index,
            contents: &self.contents,
            limits,
            now: self.now,
        };
        collector.run(&|| lease.others())
    }

    /// Sizes and counts.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.index
            .as_ref()
            .map(|index| stats::stats(index))
            .unwrap_or_default()
    }

    /// Waits until everything handed over so far is written, or given up.
    pub fn flush(&self) {
        if let Some(index) = &self.index {
            index.flush();
        }
    }

    /// What this run has written to the database.
    #[must_use]
    pub fn counters(&self) -> WriteCounters {
        self.index
            .as_ref()
            .map(|index| index.counters())
            .unwrap_or_default()
    }

    /// What people should be told about the store since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        self.warnings.take()
    }

    /// Where the store keeps things.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Keeps the failure of an action for those who wait for it in other
    /// processes.
    pub fn note_failure(&self, key: ActionKey, failure: &[u8]) {
        self.write(Write::Failure {
            key,
            at_ms: clock::since_boot().as_millis() as u64,
            record: seal::seal(&key.0, failure),
        });
        self.flush();
    }

    /// The failure of an action that another process kept, at or after `since`
    /// (time since boot), when it began to wait.
    #[must_use]
    pub fn failure_since(&self, key: ActionKey, since: std::time::Duration) -> Option<Bytes> {
        let now = clock::since_boot().as_millis() as u64;
        let read = |connection: &rusqlite::Connection| {
            let sql = "SELECT record FROM failures WHERE key = ?1 AND at_ms BETWEEN ?2 AND ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let since = since.as_millis() as i64;
            let mut rows = statement.query(rusqlite::params![key.0, since, now.cast_signed()])?;
            rows.next()?
                .map(|row| Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?)))
                .transpose()
        };
        let record = self.index.as_ref()?.read(read)??;
        seal::open(&key.0, record)
    }

    fn write(&self, write: Write) {
        if let Some(index) = &self.index {
            index.write(write);
        }
    }
}

#[cfg(test)]
mod tests;
