//! Files that never change again: how they come to be, and how they are found
//! to be in use.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, fchmod, futimens, linkat, openat, utimensat,
};

use super::fs::{FsResult, named};

/// The modification time of everything that an action sees, in seconds since
/// the epoch: 1980-01-01, the oldest date that all archive formats can hold.
const CONSTANT_TIME: i64 = 315_532_800;

/// Creates a file that must not exist yet, for the caller's eyes only.
pub fn create_new(path: &Path) -> FsResult<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let created = openat(CWD, path, flags, Mode::RUSR | Mode::WUSR).map_err(io::Error::from);
    named("create", path, created.map(File::from))
}

/// Opens a file for reading and writing; an empty one is created where none is.
pub fn open_or_create(path: &Path) -> FsResult<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let opened = openat(CWD, path, flags, mode).map_err(io::Error::from);
    named("open", path, opened.map(File::from))
}

/// Opens a file that exists for reading and writing.
pub fn open_writable(path: &Path) -> FsResult<File> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let opened = openat(CWD, path, flags, Mode::empty()).map_err(io::Error::from);
    named("open", path, opened.map(File::from))
}

/// Gives an open file its final mode, read-only, and the constant time. `path`
/// is for messages.
pub fn freeze(file: &File, executable: bool, path: &Path) -> FsResult<()> {
    let mode = Mode::from_raw_mode(if executable { 0o555 } else { 0o444 });
    named(
        "set the mode of",
        path,
        fchmod(file, mode).map_err(Into::into),
    )?;
    let dated = futimens(file, &constant_times());
    named("set the time of", path, dated.map_err(Into::into))
}

/// Renews the change time of a frozen file, which says when it was last wanted.
pub fn touch(path: &Path) -> FsResult<()> {
    let dated = utimensat(CWD, path, &constant_times(), AtFlags::SYMLINK_NOFOLLOW);
    named("touch", path, dated.map_err(Into::into))
}

/// Gives an open file one more name. Fails between file systems, and for a file
/// that has no name at all any more.
pub fn link_open(file: &File, to: &Path) -> FsResult<()> {
    let from = format!("/proc/self/fd/{}", file.as_raw_fd());
    let linked = linkat(CWD, from, CWD, to, AtFlags::SYMLINK_FOLLOW);
    named("link to", to, linked.map_err(Into::into))
}

fn constant_times() -> Timestamps {
    let time = Timespec {
        tv_sec: CONSTANT_TIME,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
