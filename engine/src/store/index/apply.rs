//! What each change does to the tables.

use kiln_plugin_abi::Digest;
use rusqlite::{Connection, ToSql, params};

use super::writer::Write;
use crate::key::ActionKey;
use crate::store::age::StoreTime;

/// Most runs that are remembered for statistics.
const RUNS_KEPT: u32 = 100;

/// How long a failure may be handed to those who waited, in milliseconds.
const FAILURES_KEPT: u64 = 10 * 60 * 1000;

/// What the changes of one transaction add up to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Rows that came or changed.
    pub(super) rows: u64,
    /// Bytes of contents and records in them.
    pub(super) bytes: u64,
    /// By how much the store as a whole grew.
    growth: i64,
}

impl Tally {
    /// Adds the growth to the recorded size of the store.
    pub(super) fn store(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.growth == 0 {
            return Ok(());
        }
        let sql = "INSERT INTO facts (name, value) VALUES ('bytes', ?1) \
                   ON CONFLICT (name) DO UPDATE SET value = max(0, value + ?1)";
        connection
            .prepare_cached(sql)?
            .execute(params![self.growth])?;
        Ok(())
    }

    fn grow(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.growth += bytes as i64;
    }
}

/// Applies one change inside a transaction.
pub(super) fn apply(
    connection: &Connection,
    write: &Write,
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    let execute =
        |sql: &str, values: &[&dyn ToSql]| connection.prepare_cached(sql)?.execute(values);
    let rows = match write {
        Write::Content {
            digest,
            bytes,
            used,
        } => {
            return put_content(connection, (digest, bytes, *used), tally);
        }
        Write::DropContent(digest) => execute(
            "DELETE FROM contents WHERE sha256 = ?1",
            params![digest.sha256()],
        )?,
        Write::Result {
            key,
            record,
            manifest,
            used,
        } => {
            return put_result(connection, *key, (record, manifest, *used), tally);
        }
        Write::Forget(key) => {
            execute("DELETE FROM manifests WHERE key = ?1", params![key.0])?
                + execute("DELETE FROM results WHERE key = ?1", params![key.0])?
        }
        Write::Touch(keys, used) => {
            let sql = "UPDATE results SET used = ?2 WHERE key = ?1 AND used < ?2";
            keys.iter().try_fold(0, |sum, key| {
                execute(sql, params![key.0, used.0]).map(|rows| sum + rows)
            })?
        }
        Write::Duration {
            label,
            wall_ms,
            used,
        } => execute(
            "INSERT OR REPLACE INTO durations (label, wall_ms, used) VALUES (?1, ?2, ?3)",
            params![label, wall_ms.cast_signed(), used.0],
        )?,
        Write::DropDurations { before } => {
            execute("DELETE FROM durations WHERE used < ?1", params![before.0])?
        }
        Write::Failure { key, at_ms, record } => put_failure(connection, *key, *at_ms, record)?,
        Write::Run(run, time) => {
            execute(
                "INSERT INTO runs (time, found, ran, failed, wall_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    time.0,
                    run.found.cast_signed(),
                    run.ran.cast_signed(),
                    run.failed.cast_signed(),
                    run.wall_ms.cast_signed()
                ],
            )? + execute(
                "DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1",
                params![RUNS_KEPT],
            )?
        }
        Write::Time(mark) => {
            set_fact(connection, "time", i64::from(mark.time.0))?
                + set_fact(connection, "wall", mark.wall.cast_signed())?
        }
        Write::BlobBytes(bytes) => {
            tally.growth += bytes.cast_signed();
            tally.bytes += bytes;
            0
        }
        Write::TotalBytes(bytes) => set_fact(connection, "bytes", bytes.cast_signed())?,
        Write::Shrink => {
            // Each step frees one page.
            let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
            let mut steps = statement.query([])?;
            while steps.next()?.is_some() {}
            0
        }
        Write::Flush(_) => 0,
    };
    tally.rows += rows as u64;
    Ok(())
}

fn put_content(
    connection: &Connection,
    (digest, bytes, used): (&Digest, &[u8], StoreTime),
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO contents (sha256, used, bytes) VALUES (?1, ?2, ?3)";
    let added =
        connection
            .prepare_cached(insert)?
            .execute(params![digest.sha256(), used.0, bytes])?;
    if added > 0 {
        tally.grow(bytes.len());
        tally.rows += 1;
        return Ok(());
    }
    // One of another length is damaged, and heals.
    let renew = "UPDATE contents SET used = ?2, bytes = ?3 \
                 WHERE sha256 = ?1 AND (used < ?2 OR length(bytes) != length(?3))";
    let renewed =
        connection
            .prepare_cached(renew)?
            .execute(params![digest.sha256(), used.0, bytes])?;
    tally.rows += renewed as u64;
    Ok(())
}

fn put_result(
    connection: &Connection,
    key: ActionKey,
    (record, manifest, used): (&[u8], &[u8], StoreTime),
    tally: &mut Tally,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO manifests (key, record) VALUES (?1, ?2)")?
        .execute(params![key.0, manifest])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO results (key, used, record) VALUES (?1, ?2, ?3)")?
        .execute(params![key.0, used.0, record])?;
    tally.rows += 2;
    tally.grow(record.len() + manifest.len());
    Ok(())
}

fn put_failure(
    connection: &Connection,
    key: ActionKey,
    at_ms: u64,
    record: &[u8],
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("DELETE FROM failures WHERE at_ms < ?1 OR at_ms > ?2")?
        .execute(params![
            at_ms.saturating_sub(FAILURES_KEPT).cast_signed(),
            at_ms.cast_signed()
        ])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO failures (key, at_ms, record) VALUES (?1, ?2, ?3)")?
        .execute(params![key.0, at_ms.cast_signed(), record])
}

fn set_fact(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")?
        .execute(params![name, value])
}
