//! Connections for reading, lent to one thread at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kiln_plugin_abi::Diagnostic;
use rusqlite::{Connection, ErrorCode};

use super::busy::patiently;
use super::open::{Access, connect};
use crate::store::warnings::{Topic, Warnings};

/// Open connections that nobody uses at the moment.
pub(super) struct Readers {
    path: PathBuf,
    access: Access,
    idle: Mutex<Vec<Connection>>,
    warnings: Arc<Warnings>,
}

impl Readers {
    pub(super) fn new(
        path: &Path,
        access: Access,
        first: Connection,
        warnings: Arc<Warnings>,
    ) -> Readers {
        Readers {
            path: path.to_owned(),
            access,
            idle: Mutex::new(vec![first]),
            warnings,
        }
    }

    /// Runs `query`, again from its start when another process is in the way; a failure is told once and reads as `None`.
    pub(super) fn read<T>(
        &self,
        mut query: impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let idle = self.idle().pop();
        let connection = match idle.map_or_else(|| connect(&self.path, self.access), Ok) {
            Ok(connection) => connection,
            Err(error) => return self.failed(&error),
        };
        let answer = patiently(|| query(&connection));
        self.idle().push(connection);
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => self.failed(&error),
        }
    }

    fn failed<T>(&self, error: &rusqlite::Error) -> Option<T> {
        self.warnings.add(Topic::Reading, || {
            let warning =
                Diagnostic::warning(format!("the store's database cannot be read: {error}"))
                    .note(format!("it is {}", self.path.display()))
                    .note("what it holds counts as missing");
            match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    warning.hint("`kiln cache verify` tells what is damaged")
                }
                _ => warning,
            }
        });
        None
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
