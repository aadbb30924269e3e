//! The number and time of the last run in this workspace.

use std::path::Path;

use crate::sys::framed::{Cursor, FrameKind};
use crate::sys::fs::FsResult;

const KIND: FrameKind = FrameKind {
    magic: *b"kilnruns",
    version: 1,
};

/// One run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunRecord {
    /// Counts from 1; 0 means that there was none.
    pub number: u64,
    /// When it began, in seconds since the Unix epoch.
    pub began: u64,
}

/// The last run that was recorded; the default when there is none.
#[must_use]
pub fn read_last_run(path: &Path) -> RunRecord {
    let read = || {
        let payload = KIND.read(path)?;
        let mut cursor = Cursor::new(&payload);
        Some(RunRecord {
            number: cursor.u64()?,
            began: cursor.u64()?,
        })
    };
    read().unwrap_or_default()
}

/// Records a run as the last one.
pub fn write_last_run(path: &Path, run: RunRecord) -> FsResult<()> {
    let mut payload = run.number.to_le_bytes().to_vec();
    payload.extend_from_slice(&run.began.to_le_bytes());
    KIND.write(path, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_survives_the_file_and_none_is_zero() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        assert_eq!(read_last_run(&path).number, 0);
        let run = RunRecord {
            number: 7,
            began: 1_000,
        };
        write_last_run(&path, run).unwrap();
        assert_eq!(read_last_run(&path), run);
    }
}
