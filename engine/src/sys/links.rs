//! Looking at symbolic links and behind them.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::fs::{FsResult, named};

/// The text of a link.
pub fn read_link(path: &Path) -> FsResult<PathBuf> {
    named("read link", path, fs::read_link(path))
}

/// What lies at `path` behind all links; `None` where they lead nowhere, be it
/// round in a circle.
pub fn metadata(path: &Path) -> FsResult<Option<Metadata>> {
    match fs::metadata(path) {
        Err(error) if is_dead_end(&error) => Ok(None),
        result => named("examine", path, result).map(Some),
    }
}

fn is_dead_end(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory) || error.raw_os_error() == Some(libc::ELOOP)
}
