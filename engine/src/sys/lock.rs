//! Locks on byte ranges that belong to an open file, not to a process.
//!
//! The kernel releases them when the last descriptor of the open file is
//! closed, so that a process that dies, however it dies, holds none.
#![allow(
    unsafe_code,
    reason = "no crate in use wraps F_OFD_SETLK, whose argument is a plain struct"
)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// How a range is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// Beside others that share it.
    Shared,
    /// Alone.
    Exclusive,
}

/// Bytes of a file, which need not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first byte; at most `i64::MAX`.
    pub start: u64,
    /// How many; 0 reaches to the end of all files.
    pub length: u64,
}

/// Takes `range` if nobody holds it in a way that excludes `kind`; never waits.
/// Answers whether it was taken. Taking a range again through the same open
/// file changes its kind.
pub fn try_lock(file: &File, kind: LockKind, range: Range) -> io::Result<bool> {
    let kind = match kind {
        LockKind::Shared => libc::F_RDLCK,
        LockKind::Exclusive => libc::F_WRLCK,
    };
    match set(file, kind, range) {
        Ok(()) => Ok(true),
        Err(error) => match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => Ok(false),
            _ => Err(error),
        },
    }
}

/// Gives `range` back.
pub fn unlock(file: &File, range: Range) -> io::Result<()> {
    set(file, libc::F_UNLCK, range)
}

fn set(file: &File, kind: libc::c_int, range: Range) -> io::Result<()> {
    let offset = |number: u64| i64::try_from(number).map_err(|_| io::ErrorKind::InvalidInput);
    let request = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: offset(range.start)?,
        l_len: offset(range.length)?,
        // Must be 0 for locks of this kind.
        l_pid: 0,
    };
    // SAFETY: the descriptor is open for the length of the call, and the kernel
    // only reads the struct that the pointer leads to.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const request) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Range = Range {
        start: 5,
        length: 1,
    };
    const SECOND: Range = Range {
        start: 6,
        length: 1,
    };

    #[test]
    fn ranges_exclude_each_other_between_open_files_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("locks");
        let open = || {
            let mut options = std::fs::File::options();
            options.create(true).truncate(false).read(true).write(true);
            options.open(&path).unwrap()
        };
        let (one, two) = (open(), open());
        assert!(try_lock(&one, LockKind::Exclusive, FIRST).unwrap());
        assert!(!try_lock(&two, LockKind::Shared, FIRST).unwrap());
        assert!(try_lock(&two, LockKind::Exclusive, SECOND).unwrap());
        unlock(&one, FIRST).unwrap();
        assert!(try_lock(&two, LockKind::Shared, FIRST).unwrap());
        assert!(try_lock(&one, LockKind::Shared, FIRST).unwrap());
        drop(two);
        assert!(try_lock(&one, LockKind::Exclusive, SECOND).unwrap());
    }
}
