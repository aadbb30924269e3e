//! The database of the store: who reads it, who writes it, what is in it.
//!
//! Any number of threads read, each with a connection of its own; one thread
//! writes, in batches. Losing the file costs time, never correctness, so no
//! failure here is an error for a build: what cannot be read is absent, what
//! cannot be written is forgotten, and people are told once.

mod apply;
mod busy;
mod open;
mod pending;
mod readers;
mod schema;
mod writer;

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::warnings::Warnings;
use crate::sys::fs::FsError;

pub(super) use open::Access;
pub(super) use pending::Pending;
pub(super) use writer::Write;
pub use writer::WriteCounters;

use readers::Readers;
use writer::Writer;

/// The open database.
#[derive(Debug)]
pub(super) struct Index {
    readers: Readers,
    pending: Arc<Pending>,
    writer: Option<Writer>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A file or directory could not be used.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// SQLite refused.
    #[error("cannot use the database {path}: {source}")]
    Database {
        /// The database file.
        path: String,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
}

impl Index {
    /// Opens the database at `path`. With [`Access::Write`] it is created where
    /// there is none, and set aside where it is none; `locks` is the file whose
    /// byte keeps two processes from doing that at once.
    pub(super) fn open(
        path: &Path,
        locks: &Path,
        access: Access,
        warnings: &Arc<Warnings>,
    ) -> Result<Index, IndexError> {
        let first = open::connect_checked(path, locks, access, warnings)?;
        let pending = Arc::new(Pending::default());
        let writer = match access {
            Access::Write => Some(Writer::new(path, pending.clone(), warnings.clone())),
            Access::Read | Access::ReadFrozen => None,
        };
        Ok(Index {
            readers: Readers::new(path, access, first, warnings.clone()),
            pending,
            writer,
        })
    }

    /// Runs `query` on a connection; `None` when the database cannot be read.
    pub(super) fn read<T>(
        &self,
        query: impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        self.readers.read(query)
    }

    /// Hands `write` to the writer; false when nothing can be written.
    pub(super) fn write(&self, write: Write) -> bool {
        self.writer
            .as_ref()
            .is_some_and(|writer| writer.send(write))
    }

    /// Waits until everything handed over so far is written, or given up.
    pub(super) fn flush(&self) {
        if let Some(writer) = &self.writer {
            writer.flush();
        }
    }

    /// What was handed over and is not written yet.
    pub(super) fn pending(&self) -> &Pending {
        &self.pending
    }

    /// What was written so far.
    pub(super) fn counters(&self) -> WriteCounters {
        self.writer
            .as_ref()
            .map(Writer::counters)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
