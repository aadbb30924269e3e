//! The tables. A change here is a new file name in the layout.

use rusqlite::{Connection, Transaction, TransactionBehavior};

/// Says that an SQLite file is ours: "Kiln" in ASCII.
const APPLICATION: i32 = 0x4b69_6c6e;

/// The version of the tables.
const VERSION: i32 = 1;

const TABLES: &str = "
    CREATE TABLE results (key BLOB PRIMARY KEY, used INTEGER NOT NULL, record BLOB NOT NULL);
    CREATE TABLE manifests (key BLOB PRIMARY KEY, record BLOB NOT NULL);
    CREATE TABLE contents (sha256 BLOB PRIMARY KEY, used INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE TABLE durations (label TEXT PRIMARY KEY, wall_ms INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE failures (key BLOB PRIMARY KEY, at_ms INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE runs (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, found INTEGER NOT NULL,
        ran INTEGER NOT NULL, failed INTEGER NOT NULL, wall_ms INTEGER NOT NULL);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// What a database file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing in it yet.
    Empty,
    /// Ours, in this version.
    Ready,
    /// Somebody else's, or another version's.
    Foreign,
}

/// Looks at the file's own header.
pub(super) fn state(connection: &Connection) -> rusqlite::Result<State> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application: i32 = number("application_id")?;
    let version: i32 = number("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version) {
        (APPLICATION, VERSION) => State::Ready,
        (0, 0) if tables == 0 => State::Empty,
        _ => State::Foreign,
    })
}

/// Makes the tables in a file that was empty a moment ago.
pub(super) fn create(connection: &Connection, journal: &str) -> rusqlite::Result<()> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if state(&transaction)? == State::Empty {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}
