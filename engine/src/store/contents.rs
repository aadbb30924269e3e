//! Contents of files: small ones in the database, large ones as blobs, none
//! in both.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use kiln_plugin_abi::Digest;
use rayon::prelude::*;

use super::age::StoreTime;
use super::blobs::{Blobs, FileAt, Put, hash};
use super::index::{Index, Write};
use super::select::select;
use crate::artifact::Listing;
use crate::sys::fs::FsError;

/// Longest content that is kept in the database, in bytes. Part of the format:
/// it decides where a content is looked for.
pub(super) const LARGEST_SMALL: u64 = 16 * 1024;

/// How much is proved about a content before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// Its length.
    #[default]
    Size,
    /// Its digest.
    Always,
}

/// An open content.
#[derive(Debug)]
pub enum Content {
    /// A small one.
    Bytes(Bytes),
    /// A large one: a read-only file with the constant modification time, which
    /// may be linked to but never written.
    Blob {
        /// Where it is.
        path: PathBuf,
        /// The open file, at its start.
        file: File,
    },
}

impl Content {
    /// A reader over all of it.
    #[must_use]
    pub fn reader(&self) -> Box<dyn Read + '_> {
        match self {
            Content::Bytes(bytes) => Box::new(bytes.as_ref()),
            Content::Blob { file, .. } => Box::new(FileAt { file, offset: 0 }),
        }
    }
}

/// A content that cannot be used. Never a reason to fail: whoever produced it
/// has to run again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the content {digest} is {fault}")]
pub struct MissingContent {
    /// Which.
    pub digest: Digest,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a content cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not there, or has another length.
    #[error("missing or incomplete")]
    Missing,
    /// Its bytes are others than its digest says. It has been removed.
    #[error("damaged")]
    Damaged,
    /// The system cannot read it.
    #[error("unreadable")]
    Unreadable,
}

/// Why nothing could be put.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Nothing can be written to this store.
    #[error("the store cannot be written")]
    ReadOnly,
    /// The source, or the store's file system, refused.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// All contents of a store.
#[derive(Debug)]
pub(super) struct Contents {
    index: Option<Arc<Index>>,
    blobs: Blobs,
    verify: Verify,
    now: StoreTime,
    writable: bool,
}

impl Contents {
    pub(super) fn new(
        index: Option<Arc<Index>>,
        blobs: Blobs,
        verify: Verify,
        now: StoreTime,
        writable: bool,
    ) -> Contents {
        Contents {
            index,
            blobs,
            verify,
            now,
            writable,
        }
    }

    pub(super) fn put_bytes(&self, bytes: Bytes, executable: bool) -> Result<Digest, PutError> {
        if bytes.len() as u64 > LARGEST_SMALL {
            self.may_write()?;
            let put = self.blobs.put_reader(&mut bytes.as_ref(), executable)?;
            return Ok(self.count(put));
        }
        let digest = Digest::of(&bytes);
        self.put_small(digest, bytes)?;
        Ok(digest)
    }

    /// Takes the content of an open file of `size` bytes from its start, whatever
    /// its position.
    pub(super) fn put_file(
        &self,
        file: &File,
        size: u64,
        executable: bool,
    ) -> Result<Digest, PutError> {
        self.may_write()?;
        if size > LARGEST_SMALL {
            let put = self.blobs.put_file(file, executable)?;
            return Ok(self.count(put));
        }
        let mut bytes = Vec::with_capacity(size as usize + 1);
        FileAt { file, offset: 0 }
            .read_to_end(&mut bytes)
            .map_err(|error| FsError::new("read", "an output", error))?;
        self.put_bytes(bytes.into(), executable)
    }

    pub(super) fn open(
        &self,
        digest: &Digest,
        executable: bool,
    ) -> Result<Content, MissingContent> {
        let missing = |fault| MissingContent {
            digest: *digest,
            fault,
        };
        let always = self.verify == Verify::Always;
        let (content, damaged) = if digest.size() <= LARGEST_SMALL {
            let bytes = self.small(digest).ok_or_else(|| missing(Fault::Missing))?;
            let damaged = always && Digest::of(&bytes) != *digest;
            (Content::Bytes(bytes), damaged)
        } else {
            let opened = self.blobs.open(digest, executable);
            let found = opened.map_err(|_| missing(Fault::Unreadable))?;
            let (path, file) = found.ok_or_else(|| missing(Fault::Missing))?;
            let actual = if always { hash(&file) } else { Ok(*digest) };
            let damaged = actual.map_err(|_| missing(Fault::Unreadable))? != *digest;
            (Content::Blob { path, file }, damaged)
        };
        if damaged {
            self.drop_damaged(digest, executable);
            return Err(missing(Fault::Damaged));
        }
        Ok(content)
    }

    /// Reads a part of a record into memory. Whatever the policy, its digest is
    /// proved: what is understood as ours must be what we wrote.
    pub(super) fn read_part(&self, digest: &Digest) -> Result<Bytes, MissingContent> {
        let missing = |fault| MissingContent {
            digest: *digest,
            fault,
        };
        let bytes = match self.open(digest, false)? {
            Content::Bytes(bytes) => bytes,
            Content::Blob { file, .. } => {
                let mut bytes = Vec::new();
                let mut source = FileAt {
                    file: &file,
                    offset: 0,
                };
                let read = source.read_to_end(&mut bytes);
                read.map_err(|_| missing(Fault::Unreadable))?;
                bytes.into()
            }
        };
        if Digest::of(&bytes) == *digest {
            Ok(bytes)
        } else {
            self.drop_damaged(digest, false);
            Err(missing(Fault::Damaged))
        }
    }

    /// For each listing, whether all of its files are there, by length.
    pub(super) fn contain_all(&self, listings: &[&Listing]) -> Vec<bool> {
        let files: HashSet<(Digest, bool)> = listings
            .iter()
            .flat_map(|listing| listing.files())
            .map(|(_, digest, executable)| (digest, executable))
            .collect();
        let (small, large): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(digest, _)| digest.size() <= LARGEST_SMALL);
        let present = self.present_small(small.into_iter().map(|(digest, _)| digest));
        let absent: HashSet<(Digest, bool)> = large
            .into_par_iter()
            .filter(|(digest, executable)| !self.blobs.contains(digest, *executable))
            .collect();
        let is_present = |digest: Digest, executable| {
            if digest.size() <= LARGEST_SMALL {
                present.contains(&digest)
            } else {
                !absent.contains(&(digest, executable))
            }
        };
        let is_whole = |listing: &&Listing| {
            let mut files = listing.files();
            files.all(|(_, digest, executable)| is_present(digest, executable))
        };
        listings.iter().map(is_whole).collect()
    }

    fn put_small(&self, digest: Digest, bytes: Bytes) -> Result<(), PutError> {
        let index = self.index.as_ref().ok_or(PutError::ReadOnly)?;
        self.may_write()?;
        index.pending().contents.add(digest, bytes.clone());
        let used = self.now;
        let sent = index.write(Write::Content {
            digest,
            bytes,
            used,
        });
        if sent {
            Ok(())
        } else {
            Err(PutError::ReadOnly)
        }
    }

    fn small(&self, digest: &Digest) -> Option<Bytes> {
        let index = self.index.as_ref()?;
        if let Some(bytes) = index.pending().contents.get(digest) {
            return Some(bytes);
        }
        let found = index.read(|connection| {
            let sql = "SELECT bytes FROM contents WHERE sha256 = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([digest.sha256()])?;
            rows.next()?
                .map(|row| Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?)))
                .transpose()
        });
        found
            .flatten()
            .filter(|bytes| bytes.len() as u64 == digest.size())
    }

    fn present_small(&self, digests: impl Iterator<Item = Digest>) -> HashSet<Digest> {
        let Some(index) = &self.index else {
            return HashSet::new();
        };
        let (known, unknown): (Vec<Digest>, Vec<Digest>) =
            digests.partition(|digest| index.pending().contents.contains(digest));
        let mut present = HashSet::from_iter(known);
        let sql = "SELECT sha256, length(bytes) FROM contents WHERE sha256 IN";
        let keys: Vec<&[u8]> = unknown.iter().map(|digest| &digest.sha256()[..]).collect();
        index.read(|connection| {
            select(connection, sql, &keys, |row| {
                let sha256: [u8; 32] = row.get(0)?;
                let size: i64 = row.get(1)?;
                present.insert(Digest::new(sha256, size.cast_unsigned()));
                Ok(())
            })
        });
        present
    }

    /// Removes a damaged content, so that putting it again heals it. What cannot
    /// be removed is found damaged again.
    fn drop_damaged(&self, digest: &Digest, executable: bool) {
        if digest.size() > LARGEST_SMALL {
            let _ = self.blobs.remove(digest, executable);
        } else if let Some(index) = &self.index {
            index.write(Write::DropContent(*digest));
        }
    }

    fn may_write(&self) -> Result<(), PutError> {
        if self.writable {
            Ok(())
        } else {
            Err(PutError::ReadOnly)
        }
    }

    fn count(&self, put: Put) -> Digest {
        match put {
            Put::Known(digest) => digest,
            Put::Added(digest) => {
                if let Some(index) = &self.index {
                    index.write(Write::BlobBytes(digest.size()));
                }
                digest
            }
        }
    }
}

impl crate::artifact::tar::ContentSource for Contents {
    fn open(&self, digest: &Digest, executable: bool) -> io::Result<Box<dyn Read + '_>> {
        match Contents::open(self, digest, executable).map_err(io::Error::other)? {
            Content::Bytes(bytes) => Ok(Box::new(io::Cursor::new(bytes))),
            Content::Blob { file, .. } => Ok(Box::new(file)),
        }
    }
}
