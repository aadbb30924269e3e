//! Waiting for other processes where SQLite does not wait by itself: while one
//! recovers the database's log, or removes it as the last to leave.

use std::time::Duration;

use rusqlite::ErrorCode;

use crate::sys::clock;

/// How long one connection waits for another's transaction.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The time between two attempts.
pub(super) const PAUSE: Duration = Duration::from_millis(2);

/// Runs `attempt` until it answers something else than "busy", or patience ends.
pub(super) fn patiently<T>(
    mut attempt: impl FnMut() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let began = clock::monotonic();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && began.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
