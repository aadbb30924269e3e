//! Where everything in the store's directory is.
//!
//! ```text
//! CACHEDIR.TAG            tells backup programs to leave the directory out
//! v1/                     the format; another one never looks in here
//!   index-v1.sqlite       results, manifests, small contents, durations, runs
//!   blobs/ab/cdef…[x]     large contents by SHA-256, read-only; x: executable
//!   tmp/<run>/            contents that are being written by a run
//!   scratch/<run>/        for the actions of a run
//!   runs/<run>            a file that a living run holds locked: its lease
//!   locks                 bytes to lock; the file itself is empty
//!   beats                 signs of life of those who hold locks
//! ```

use std::path::{Path, PathBuf};

use kiln_plugin_abi::Digest;

use crate::sys::fs::{self, FsResult};
use crate::sys::lock::Range;

const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This directory holds the build cache of Kiln; everything in it can be made again.\n";

/// What a store keeps, one place each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The database.
    Index,
    /// Large contents.
    Blobs,
    /// Contents while they are written.
    Temporary,
    /// Directories for actions.
    Scratch,
    /// Leases of living runs.
    Runs,
    /// Bytes to lock.
    Locks,
    /// Signs of life.
    Beats,
}

/// The byte that is held while the index is created or set aside.
pub(super) const OPENING: Range = Range {
    start: 0,
    length: 1,
};

/// The byte that is held while garbage is collected.
pub(super) const COLLECTING: Range = Range {
    start: 1,
    length: 1,
};

/// The first of the bytes that stand for keys.
pub(super) const FIRST_KEY: u64 = 1 << 16;

/// A store's directory.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
    version: PathBuf,
}

impl Layout {
    /// The layout of a store at `root`.
    #[must_use]
    pub fn new(root: &Path) -> Layout {
        Layout {
            root: root.to_owned(),
            version: root.join("v1"),
        }
    }

    /// The directory of all formats.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `place` is.
    #[must_use]
    pub fn path(&self, place: Place) -> PathBuf {
        self.version.join(match place {
            Place::Index => "index-v1.sqlite",
            Place::Blobs => "blobs",
            Place::Temporary => "tmp",
            Place::Scratch => "scratch",
            Place::Runs => "runs",
            Place::Locks => "locks",
            Place::Beats => "beats",
        })
    }

    /// Where the large content `digest` is, in its plain or executable form.
    #[must_use]
    pub fn blob(&self, digest: &Digest, executable: bool) -> PathBuf {
        let hex = digest.hex();
        let (directory, name) = hex.split_at(2);
        let suffix = if executable { "x" } else { "" };
        let mut path = self.path(Place::Blobs);
        path.push(directory);
        path.push(format!("{name}{suffix}"));
        path
    }

    /// Makes the directories, and the tag that keeps backups away.
    pub(super) fn create(&self) -> FsResult<()> {
        for place in [Place::Blobs, Place::Temporary, Place::Scratch, Place::Runs] {
            fs::create_dir_all(&self.path(place))?;
        }
        let tag = self.root.join("CACHEDIR.TAG");
        if fs::symlink_metadata(&tag)?.is_none() {
            fs::write_atomically(&tag, TAG.as_bytes())?;
        }
        Ok(())
    }
}
