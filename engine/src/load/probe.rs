//! The time by the clock of the workspace's own file system.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::stamp::changed_at;
use crate::sys::fs;

/// A file that is written once per run, before anything is examined; its ctime
/// is the time that entries' ctimes are compared with. The wall clock would not
/// do: it can stand before or behind that of the file system.
#[derive(Debug)]
pub(super) struct Probe {
    path: PathBuf,
    time: OnceLock<i64>,
}

impl Probe {
    pub(super) fn new(path: PathBuf) -> Probe {
        Probe {
            path,
            time: OnceLock::new(),
        }
    }

    /// Nanoseconds since the epoch; 0 when the file cannot be written, so that
    /// nothing ever counts as settled.
    pub(super) fn time(&self) -> i64 {
        *self.time.get_or_init(|| self.write().unwrap_or(0))
    }

    fn write(&self) -> Option<i64> {
        fs::create_dir_all(self.path.parent()?).ok()?;
        fs::write(&self.path, b"this file's ctime is Kiln's clock\n").ok()?;
        let metadata = fs::symlink_metadata(&self.path).ok()??;
        Some(changed_at(&metadata))
    }
}
