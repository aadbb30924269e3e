//! How large a store is and what it was good for.

use rusqlite::{Connection, OptionalExtension};

use super::index::Index;
use super::runs::RunSummary;

/// Sizes and counts of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Results.
    pub results: u64,
    /// Small contents, kept in the database.
    pub small_contents: u64,
    /// Their bytes.
    pub small_bytes: u64,
    /// Bytes of everything, as recorded; exact after each collection.
    pub total_bytes: u64,
    /// The last runs, the latest first.
    pub runs: Vec<RunSummary>,
}

/// Bytes of everything, as recorded.
pub(super) fn total_bytes(index: &Index) -> u64 {
    index
        .read(|connection| fact(connection, "bytes"))
        .unwrap_or_default()
}

pub(super) fn stats(index: &Index) -> Stats {
    let read = |connection: &Connection| {
        let count = |sql: &str| {
            let number: i64 = connection.query_row(sql, [], |row| row.get(0))?;
            Ok::<u64, rusqlite::Error>(number.cast_unsigned())
        };
        Ok(Stats {
            results: count("SELECT count(*) FROM results")?,
            small_contents: count("SELECT count(*) FROM contents")?,
            small_bytes: count("SELECT coalesce(sum(length(bytes)), 0) FROM contents")?,
            total_bytes: fact(connection, "bytes")?,
            runs: runs(connection)?,
        })
    };
    index.read(read).unwrap_or_default()
}

fn runs(connection: &Connection) -> rusqlite::Result<Vec<RunSummary>> {
    let sql = "SELECT found, ran, failed, wall_ms FROM runs ORDER BY id DESC";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(RunSummary {
            found: number(0)?,
            ran: number(1)?,
            failed: number(2)?,
            wall_ms: number(3)?,
        })
    })?;
    rows.collect()
}

/// A number that the database keeps about itself; 0 when it was never set.
pub(super) fn fact(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM facts WHERE name = ?1";
    let value = connection
        .prepare_cached(sql)?
        .query_row([name], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(value.unwrap_or_default().cast_unsigned())
}
