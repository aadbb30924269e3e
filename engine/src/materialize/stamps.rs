//! What was put where, and how it looked right after: the reason not to do it again.
//!
//! Format of `.kiln/state/outputs`: a frame (see `sys::framed`) around entries
//! `path text, sha256 32 bytes, size 8, exec 1, stat 5 × 8 bytes`, sorted by path.

use std::collections::BTreeMap;
use std::path::Path;

use kiln_plugin_abi::Digest;

use crate::content::FileStat;
use crate::sys::framed::{Cursor, FrameKind, push_text};
use crate::sys::fs::FsResult;

const KIND: FrameKind = FrameKind {
    magic: *b"kilnouts",
    version: 1,
};

/// One file in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its bytes.
    pub digest: Digest,
    /// Its exec bit.
    pub executable: bool,
    /// What `statx` said when it was in place.
    pub stat: FileStat,
}

/// All stamps of a workspace, by path below the output directory.
#[derive(Debug, Clone, Default)]
pub struct Stamps {
    entries: BTreeMap<Box<str>, Stamp>,
    changed: bool,
}

impl Stamps {
    /// Reads the file; empty when it is not there or no good.
    #[must_use]
    pub fn read(path: &Path) -> Stamps {
        let entries = KIND.read(path).and_then(|payload| decode(&payload));
        Stamps {
            entries: entries.unwrap_or_default(),
            changed: false,
        }
    }

    /// The stamp of a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Stamp> {
        self.entries.get(path)
    }

    /// Sets the stamp of a path.
    pub fn set(&mut self, path: &str, stamp: Stamp) {
        if self.entries.get(path) != Some(&stamp) {
            self.entries.insert(path.into(), stamp);
            self.changed = true;
        }
    }

    /// Writes the file when something changed since it was read.
    pub fn write(&self, path: &Path) -> FsResult<()> {
        if !self.changed {
            return Ok(());
        }
        let mut payload = Vec::with_capacity(self.entries.len() * 140);
        for (path, stamp) in &self.entries {
            push_text(&mut payload, path);
            payload.extend_from_slice(stamp.digest.sha256());
            payload.extend_from_slice(&stamp.digest.size().to_le_bytes());
            payload.push(stamp.executable.into());
            let stat = &stamp.stat;
            let times = [stat.mtime_ns as u64, stat.ctime_ns as u64];
            for number in [stat.size, times[0], times[1], stat.inode, stat.device] {
                payload.extend_from_slice(&number.to_le_bytes());
            }
        }
        KIND.write(path, &payload)
    }
}

fn decode(payload: &[u8]) -> Option<BTreeMap<Box<str>, Stamp>> {
    let mut cursor = Cursor::new(payload);
    let mut entries = Vec::new();
    while !cursor.is_at_end() {
        let path: Box<str> = cursor.text()?.into();
        let digest = Digest::new(cursor.array()?, cursor.u64()?);
        let executable = match cursor.array()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let stat = FileStat {
            size: cursor.u64()?,
            mtime_ns: cursor.u64()? as i64,
            ctime_ns: cursor.u64()? as i64,
            inode: cursor.u64()?,
            device: cursor.u64()?,
        };
        entries.push((
            path,
            Stamp {
                digest,
                executable,
                stat,
            },
        ));
    }
    Some(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_survive_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outputs");
        let stat = FileStat {
            size: 3,
            mtime_ns: -1,
            ctime_ns: 5,
            inode: 7,
            device: 9,
        };
        let stamp = Stamp {
            digest: Digest::of(b"abc"),
            executable: true,
            stat,
        };
        let mut stamps = Stamps::default();
        stamps.set("a/b", stamp);
        stamps.write(&path).unwrap();
        let mut again = Stamps::read(&path);
        assert_eq!(again.get("a/b"), Some(&stamp));
        again.set("a/b", stamp);
        assert!(!again.changed);
    }
}
