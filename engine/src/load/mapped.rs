//! A file mapped into memory, read-only.
#![allow(
    unsafe_code,
    reason = "mapping a file is what makes the snapshot cost only what is looked at"
)]

use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::sys::fs::{self, FsResult, named};

/// The bytes of a file as they were when it was opened.
#[derive(Debug)]
pub(super) struct MappedFile(Mmap);

impl MappedFile {
    /// Maps a file that Kiln itself writes, and only ever by
    /// [`fs::write_atomically`].
    pub(super) fn open(path: &Path) -> FsResult<MappedFile> {
        let file = fs::open(path)?;
        // SAFETY: the file is only ever replaced by rename, never written in
        // place or truncated, so the mapped inode's bytes do not change. Whoever
        // reads them checks a record's checksum before making anything of it.
        let map = named("map", path, unsafe { Mmap::map(&file) })?;
        Ok(MappedFile(map))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
