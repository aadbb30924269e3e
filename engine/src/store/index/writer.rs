//! The one thread that writes the database, in batches.
//!
//! A batch is one transaction: everything that waits when it begins, and what
//! comes while it is written, up to a bound in number and time. After a commit
//! that fails nothing more is written in this process.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use kiln_plugin_abi::{Diagnostic, Digest};
use rusqlite::Connection;

use super::apply::{Tally, apply};
use super::busy::patiently;
use super::open::{Access, connect};
use super::pending::Pending;
use crate::key::ActionKey;
use crate::store::age::{StoreTime, TimeMark};
use crate::store::runs::RunSummary;
use crate::store::warnings::{Topic, Warnings};
use crate::sys::clock;

/// Most writes in one transaction, and most that wait.
const LARGEST_BATCH: usize = 4096;

/// Longest time that a transaction is kept open for more writes.
const LONGEST_BATCH: Duration = Duration::from_millis(50);

/// A change to the database.
#[derive(Debug)]
pub(in crate::store) enum Write {
    Content {
        digest: Digest,
        bytes: Bytes,
        used: StoreTime,
    },
    DropContent(Digest),
    Result {
        key: ActionKey,
        record: Bytes,
        manifest: Bytes,
        used: StoreTime,
    },
    Forget(ActionKey),
    Touch(Vec<ActionKey>, StoreTime),
    Duration {
        label: String,
        wall_ms: u64,
        used: StoreTime,
    },
    Failure {
        key: ActionKey,
        at_ms: u64,
        record: Vec<u8>,
    },
    Run(RunSummary, StoreTime),
    Time(TimeMark),
    /// Bytes of a blob that came.
    BlobBytes(u64),
    /// All bytes, as counted.
    TotalBytes(u64),
    DropDurations {
        before: StoreTime,
    },
    Shrink,
    Flush(SyncSender<()>),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteCounters {
    /// Rows that came or changed.
    pub rows_written: u64,
    /// Bytes of contents, large ones included, and of records.
    pub bytes_written: u64,
}

#[derive(Debug, Default)]
struct Counting {
    rows: AtomicU64,
    bytes: AtomicU64,
}

/// The handle of the writing thread, which starts with the first write.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    pending: Arc<Pending>,
    warnings: Arc<Warnings>,
    counting: Arc<Counting>,
    thread: OnceLock<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    sender: Option<SyncSender<Write>>,
    handle: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn new(path: &Path, pending: Arc<Pending>, warnings: Arc<Warnings>) -> Writer {
        Writer {
            path: path.to_owned(),
            pending,
            warnings,
            counting: Arc::default(),
            thread: OnceLock::new(),
        }
    }

    /// Hands over a change; false when the thread could not be started.
    pub(super) fn send(&self, write: Write) -> bool {
        let running = self.thread.get_or_init(|| self.start());
        running
            .as_ref()
            .and_then(|running| running.sender.as_ref())
            .is_some_and(|sender| sender.send(write).is_ok())
    }

    pub(super) fn flush(&self) {
        if self.thread.get().is_none() {
            return;
        }
        let (sender, receiver) = sync_channel(1);
        if self.send(Write::Flush(sender)) {
            // An error means that the thread is gone, and nothing waits.
            let _ = receiver.recv();
        }
    }

    pub(super) fn counters(&self) -> WriteCounters {
        WriteCounters {
            rows_written: self.counting.rows.load(Ordering::Relaxed),
            bytes_written: self.counting.bytes.load(Ordering::Relaxed),
        }
    }

    fn start(&self) -> Option<Running> {
        let (sender, receiver) = sync_channel(LARGEST_BATCH);
        let mut work = Work {
            path: self.path.clone(),
            pending: self.pending.clone(),
            warnings: self.warnings.clone(),
            counting: self.counting.clone(),
            has_failed: false,
        };
        let handle = thread::Builder::new()
            .name("kiln-store".to_owned())
            .spawn(move || work.run(&receiver))
            .ok()?;
        Some(Running {
            sender: Some(sender),
            handle: Some(handle),
        })
    }
}

impl Drop for Writer {
    /// Waits for the last batch.
    fn drop(&mut self) {
        if let Some(Some(running)) = self.thread.get_mut() {
            running.sender = None;
            if let Some(handle) = running.handle.take() {
                // A panic there has been reported by the runtime already.
                let _ = handle.join();
            }
        }
    }
}

/// What the thread owns.
struct Work {
    path: PathBuf,
    pending: Arc<Pending>,
    warnings: Arc<Warnings>,
    counting: Arc<Counting>,
    has_failed: bool,
}

impl Work {
    fn run(&mut self, writes: &Receiver<Write>) {
        let mut connection = None;
        while let Ok(first) = writes.recv() {
            let mut batch = Vec::new();
            match self.write_batch(&mut connection, first, writes, &mut batch) {
                Ok(()) => self.forget_waiting(&batch),
                Err(error) => self.give_up(&error),
            }
            for write in batch {
                if let Write::Flush(sender) = write {
                    // Nobody waits any more when this fails.
                    let _ = sender.send(());
                }
            }
        }
    }

    /// Takes `first` and what follows it into `batch`, and commits it.
    fn write_batch(
        &self,
        connection: &mut Option<Connection>,
        first: Write,
        writes: &Receiver<Write>,
        batch: &mut Vec<Write>,
    ) -> rusqlite::Result<()> {
        let began = clock::monotonic();
        let mut next = Some(first);
        let mut tally = Tally::default();
        let mut outcome = self.begin(connection);
        while let Some(write) = next {
            if let (Ok(()), Some(connection)) = (&outcome, connection.as_ref()) {
                outcome = apply(connection, &write, &mut tally);
            }
            batch.push(write);
            let full = batch.len() >= LARGEST_BATCH || began.elapsed() > LONGEST_BATCH;
            next = if full { None } else { writes.try_recv().ok() };
        }
        let Some(connection) = connection else {
            return outcome;
        };
        if self.has_failed {
            return Ok(());
        }
        let committed = outcome
            .and_then(|()| tally.store(connection))
            .and_then(|()| connection.execute_batch("COMMIT"));
        if committed.is_err() {
            // The transaction may be gone already.
            let _ = connection.execute_batch("ROLLBACK");
            return committed;
        }
        self.counting.rows.fetch_add(tally.rows, Ordering::Relaxed);
        self.counting
            .bytes
            .fetch_add(tally.bytes, Ordering::Relaxed);
        if batch.iter().any(|write| matches!(write, Write::Shrink)) {
            // Another process that reads keeps the log as long as it needs it.
            let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        Ok(())
    }

    fn begin(&self, connection: &mut Option<Connection>) -> rusqlite::Result<()> {
        if self.has_failed {
            *connection = None;
            return Ok(());
        }
        let open = match connection.take() {
            Some(open) => open,
            None => connect(&self.path, Access::Write)?,
        };
        let open = connection.insert(open);
        patiently(|| open.execute_batch("BEGIN IMMEDIATE"))
    }

    /// What is in the database now need not be kept in memory.
    fn forget_waiting(&self, batch: &[Write]) {
        if self.has_failed {
            return;
        }
        for write in batch {
            match write {
                Write::Content { digest, .. } => self.pending.contents.done(digest),
                Write::Result { key, .. } => {
                    self.pending.results.done(key);
                    self.pending.manifests.done(key);
                }
                _ => {}
            }
        }
    }

    fn give_up(&mut self, error: &rusqlite::Error) {
        self.has_failed = true;
        self.warnings.add(Topic::Writing, || {
            Diagnostic::warning(format!("nothing more is stored in this run: {error}"))
                .note(format!("the store's database is {}", self.path.display()))
                .hint("look for a full disk, or free some with `kiln gc --max-size`")
        });
    }
}
