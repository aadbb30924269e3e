//! Many look-ups by key in few queries.

use rusqlite::{Connection, Row, params_from_iter};

/// Keys asked for at a time, well below SQLite's limit of variables.
const CHUNK: usize = 512;

/// Runs `sql`, which ends in `… IN`, over all `keys` and hands each row found to
/// `take`, in no particular order.
pub(super) fn select(
    connection: &Connection,
    sql: &str,
    keys: &[&[u8]],
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    for chunk in keys.chunks(CHUNK) {
        // Two shapes of the statement serve all lengths: a short chunk repeats
        // its last key, which changes nothing.
        let width = if chunk.len() == 1 { 1 } else { CHUNK };
        let places = vec!["?"; width].join(",");
        let mut statement = connection.prepare_cached(&format!("{sql} ({places})"))?;
        let last = chunk[chunk.len() - 1];
        let padded = chunk
            .iter()
            .copied()
            .chain(std::iter::repeat_n(last, width - chunk.len()));
        let mut rows = statement.query(params_from_iter(padded))?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
    }
    Ok(())
}
