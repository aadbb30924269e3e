//! Opening the database: creating it where there is none, and setting it aside
//! where there is something else.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiln_plugin_abi::Diagnostic;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::IndexError;
use super::busy::{PATIENCE, PAUSE, patiently};
use super::schema::{self, State};
use crate::store::layout::OPENING;
use crate::store::warnings::{Topic, Warnings};
use crate::sys::clock;
use crate::sys::frozen::open_or_create;
use crate::sys::fs;
use crate::sys::lock::{LockKind, try_lock};
use crate::sys::mount::shares_memory;

/// What a store may do with its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Write,
    /// Look things up.
    Read,
    /// Look things up in a file that nobody writes, in a directory where SQLite
    /// cannot make the files that readers and writers share.
    ReadFrozen,
}

/// Opens one more connection to a database that was checked before.
pub(super) fn connect(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    let common = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = common | OpenFlags::SQLITE_OPEN_READ_ONLY;
    let write = common | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = match access {
        Access::Write => Connection::open_with_flags(path, write)?,
        Access::Read => Connection::open_with_flags(path, read)?,
        Access::ReadFrozen => {
            let address = format!("file:{}?immutable=1", percent_encoded(path));
            Connection::open_with_flags(address, read | OpenFlags::SQLITE_OPEN_URI)?
        }
    };
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn percent_encoded(path: &Path) -> String {
    path.as_os_str()
        .as_bytes()
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02x}"),
        })
        .collect()
}

/// Opens the database and makes sure that it is one of ours.
pub(super) fn connect_checked(
    path: &Path,
    locks: &Path,
    access: Access,
    warnings: &Arc<Warnings>,
) -> Result<Connection, IndexError> {
    let named = |source| IndexError::Database {
        path: path.display().to_string(),
        source,
    };
    match examine(path, access) {
        Ok((connection, State::Ready)) => return Ok(connection),
        Ok(_) => {}
        Err(error) if is_no_database(&error) => {}
        Err(error) => return Err(named(error)),
    }
    if access != Access::Write {
        return Err(named(rusqlite::Error::InvalidQuery));
    }
    let locks = open_or_create(locks)?;
    wait_for_turn(&locks);
    // Another process may have been faster.
    match examine(path, access) {
        Ok((connection, State::Ready)) => return Ok(connection),
        Ok((connection, State::Empty)) => drop(connection),
        Ok((_, State::Foreign)) => set_aside(path, warnings)?,
        Err(error) if is_no_database(&error) => set_aside(path, warnings)?,
        Err(error) => return Err(named(error)),
    }
    create(path, warnings).map_err(named)
}

/// Lets only one process at a time create or set aside; a process that stands
/// still there keeps the others for a bounded time only.
fn wait_for_turn(locks: &File) {
    let began = clock::monotonic();
    while let Ok(false) = try_lock(locks, LockKind::Exclusive, OPENING)
        && began.elapsed() < PATIENCE
    {
        std::thread::sleep(PAUSE);
    }
}

fn examine(path: &Path, access: Access) -> rusqlite::Result<(Connection, State)> {
    let connection = connect(path, access)?;
    let state = patiently(|| schema::state(&connection))?;
    Ok((connection, state))
}

fn create(path: &Path, warnings: &Warnings) -> rusqlite::Result<Connection> {
    let journal = match shares_memory(path) {
        Ok(false) => {
            warnings.add(Topic::Journal, || without_shared_memory(path));
            "DELETE"
        }
        _ => "WAL",
    };
    let (connection, state) = examine(path, Access::Write)?;
    if state == State::Empty {
        patiently(|| schema::create(&connection, journal))?;
    }
    Ok(connection)
}

fn is_no_database(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}

/// Moves the file, with what SQLite keeps beside it, out of the way.
fn set_aside(path: &Path, warnings: &Warnings) -> Result<(), IndexError> {
    let with = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = with(".damaged");
    fs::rename(path, &aside)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        fs::remove_file(&with(suffix))?;
    }
    warnings.add(Topic::Damage, || {
        Diagnostic::warning("the store's database was damaged or of another version")
            .note(format!("it was moved to {}", aside.display()))
            .note("a new one is built; actions whose results it held run again")
            .hint("if this happens again, check the disk; the moved file may be deleted")
    });
    Ok(())
}

fn without_shared_memory(path: &Path) -> Diagnostic {
    Diagnostic::warning("the store is on a network or overlay file system and is slower there")
        .note(format!("its database is {}", path.display()))
        .hint("set KILN_CACHE_DIR to a directory on a local disk")
}
