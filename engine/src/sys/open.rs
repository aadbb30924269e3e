//! Opening files that may be anything, without ever blocking on them or being
//! led away by a link.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use super::fs::{FsResult, named};

/// Neither a FIFO without a writer nor a terminal can hold up the caller.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

/// Opens a directory as the base of calls that take relative paths.
pub fn open_directory(path: &Path) -> FsResult<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let opened = openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from);
    named("open directory", path, opened.map(File::from))
}

/// Opens `path` for reading; fails with `ELOOP` when its last component is a link.
pub fn open_no_follow(path: &Path) -> FsResult<File> {
    let opened = openat(CWD, path, READ | OFlags::NOFOLLOW, Mode::empty()).map_err(io::Error::from);
    named("open", path, opened.map(File::from))
}

/// Opens `path` below `directory` for reading; fails with `ELOOP` when *any*
/// component of it is a link.
pub fn open_without_links(directory: BorrowedFd<'_>, path: &Path) -> io::Result<File> {
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(directory, path, READ, Mode::empty(), resolve) {
        // Kernels before 5.6 and some containers' filters: the last component
        // is still checked.
        Err(Errno::NOSYS | Errno::PERM) => {
            let opened = openat(directory, path, READ | OFlags::NOFOLLOW, Mode::empty())?;
            Ok(File::from(opened))
        }
        opened => Ok(File::from(opened?)),
    }
}

/// True when `error` is the answer of the functions here to a link.
#[must_use]
pub fn met_a_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}
