//! What the file system says of an entry without its contents, and when that is
//! proof enough that the contents are the same.

use std::fs::{FileType, Metadata};
use std::os::unix::fs::MetadataExt;

use kiln_plugin_abi::FileKind;
use kiln_proto::snapshot as proto;

/// An entry changed this recently before it was examined may change once more
/// without a new ctime (nanoseconds).
const RACY: i64 = 2_000_000_000;

/// Kind, size, times and identity of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub kind: FileKind,
    size: u64,
    modified: i64,
    changed: i64,
    inode: u64,
    device: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            kind: kind_of(metadata.file_type()),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            device: metadata.dev(),
        }
    }

    /// True when an equal stamp at a later time proves equal contents, given
    /// that the entry was examined at `recorded` or later (the ctime of a probe
    /// file). mtime can be forged, so only ctime counts.
    pub(super) fn is_settled(&self, recorded: i64) -> bool {
        self.changed <= recorded.saturating_sub(RACY)
    }

    pub(super) fn write(&self) -> proto::Stamp {
        proto::Stamp {
            kind: kind_number(self.kind),
            size: self.size,
            modified: self.modified,
            changed: self.changed,
            inode: self.inode,
            device: self.device,
        }
    }

    pub(super) fn read(stamp: &proto::Stamp) -> Option<Stamp> {
        Some(Stamp {
            kind: kind_from_number(stamp.kind)?,
            size: stamp.size,
            modified: stamp.modified,
            changed: stamp.changed,
            inode: stamp.inode,
            device: stamp.device,
        })
    }
}

/// The time of `metadata`'s last change, in nanoseconds since the epoch.
pub(super) fn changed_at(metadata: &Metadata) -> i64 {
    nanoseconds(metadata.ctime(), metadata.ctime_nsec())
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// The kind of an entry, a link not followed.
pub(super) fn kind_of(file_type: FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Link
    } else {
        FileKind::Other
    }
}

/// A kind as records hold it.
pub(super) fn kind_number(kind: FileKind) -> u32 {
    match kind {
        FileKind::Absent => 0,
        FileKind::File => 1,
        FileKind::Directory => 2,
        FileKind::Link => 3,
        FileKind::Other => 4,
    }
}

/// The reverse of [`kind_number`].
pub(super) fn kind_from_number(number: u32) -> Option<FileKind> {
    Some(match number {
        0 => FileKind::Absent,
        1 => FileKind::File,
        2 => FileKind::Directory,
        3 => FileKind::Link,
        4 => FileKind::Other,
        _ => return None,
    })
}
