//! What the kernel says about a file, by path or by open descriptor.
//!
//! One `statx` gives everything that decides whether remembered facts about a
//! file still hold. Links are never followed here.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Statx, StatxFlags, StatxTimestamp, statx};

use super::fs::{FsResult, named};

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A Unix domain socket.
    Socket,
    /// A character or block device.
    Device,
    /// Something this version does not know.
    Unknown,
}

impl EntryKind {
    /// The kind as people call it, with its article.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            EntryKind::File => "a regular file",
            EntryKind::Directory => "a directory",
            EntryKind::Link => "a symbolic link",
            EntryKind::Fifo => "a FIFO",
            EntryKind::Socket => "a socket",
            EntryKind::Device => "a device",
            EntryKind::Unknown => "a file of unknown type",
        }
    }
}

/// The facts that change when a file's bytes may have changed. Equal facts for
/// one path mean the same bytes, once the change time is old enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileStat {
    /// Length in bytes.
    pub size: u64,
    /// Modification time, nanoseconds since the epoch. Anybody can set it.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since the epoch. Only the kernel sets it.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
    /// Device number.
    pub device: u64,
}

/// One answer of `statx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStatus {
    /// What it is.
    pub kind: EntryKind,
    /// The owner's execute bit.
    pub executable: bool,
    /// The facts to compare.
    pub stat: FileStat,
}

/// Examines `path` below `directory`, a link not followed. The error is bare:
/// callers in hot loops name the path only when they report it.
pub fn status_at(directory: BorrowedFd<'_>, path: &Path) -> io::Result<FileStatus> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_SYNC_AS_STAT;
    Ok(status(&statx(
        directory,
        path,
        flags,
        StatxFlags::BASIC_STATS,
    )?))
}

/// Examines `path`, a link not followed.
pub fn status_of(path: &Path) -> FsResult<FileStatus> {
    named("examine", path, status_at(CWD, path))
}

/// Examines an open file.
pub fn status_of_open(file: &File) -> io::Result<FileStatus> {
    Ok(status(&statx(
        file.as_fd(),
        "",
        AtFlags::EMPTY_PATH,
        StatxFlags::BASIC_STATS,
    )?))
}

fn status(answer: &Statx) -> FileStatus {
    let mode = u32::from(answer.stx_mode);
    let kind = match FileType::from_raw_mode(mode) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        FileType::Fifo => EntryKind::Fifo,
        FileType::Socket => EntryKind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => EntryKind::Device,
        _ => EntryKind::Unknown,
    };
    FileStatus {
        kind,
        executable: mode & 0o100 != 0,
        stat: FileStat {
            size: answer.stx_size,
            mtime_ns: nanoseconds(&answer.stx_mtime),
            ctime_ns: nanoseconds(&answer.stx_ctime),
            inode: answer.stx_ino,
            device: (u64::from(answer.stx_dev_major) << 32) | u64::from(answer.stx_dev_minor),
        },
    }
}

fn nanoseconds(time: &StatxTimestamp) -> i64 {
    time.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(i64::from(time.tv_nsec))
}
