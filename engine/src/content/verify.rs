//! Reading a fingerprinted file again, and proving that it is still the same.
//!
//! The bytes are of use only after [`VerifyingReader::finish`] said so.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fingerprint::Fingerprint;
use super::hasher::Recogniser;
use crate::sys::fs::FsError;
use crate::sys::open::{met_a_link, open_no_follow};
use crate::sys::stat::{EntryKind, status_of_open};

/// What differs from the fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Change {
    /// Other bytes of the same length.
    #[error("its content changed")]
    Content,
    /// Another length.
    #[error("its length changed from {expected} bytes")]
    Length {
        /// Length in the fingerprint, in bytes.
        expected: u64,
    },
    /// The owner's execute bit.
    #[error("its executable bit changed")]
    ExecutableBit,
    /// It is gone, or no regular file any more.
    #[error("it was removed or replaced by something that is no regular file")]
    Replaced,
}

/// Why a file's bytes may not be used.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not the file that was fingerprinted.
    #[error("{} changed during the build: {change}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// What differs.
        change: Change,
    },
    /// The reader was not read to the end, so nothing is known.
    #[error("{} was not read to its end", path.display())]
    HalfRead {
        /// The file.
        path: PathBuf,
    },
    /// The system failed to read it.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// Streams a file's bytes while hashing them.
///
/// It ends after at most one byte more than the fingerprint says, so that a
/// file that grows for ever does not keep the reader for ever.
#[must_use = "bytes that were read are unverified until `finish` returns Ok"]
pub struct VerifyingReader<R> {
    source: R,
    path: PathBuf,
    expected: Fingerprint,
    seen: Recogniser,
    end_seen: bool,
}

impl VerifyingReader<File> {
    /// Opens the file at `path`, which `expected` was taken of. A file that is
    /// gone, or something else now, counts as changed.
    pub fn open(path: &Path, expected: &Fingerprint) -> Result<VerifyingReader<File>, VerifyError> {
        match open_no_follow(path) {
            Ok(file) => Ok(VerifyingReader::new(file, path, expected)),
            Err(error) if error.is_not_found() || met_a_link(&error.source) => {
                Err(changed(path, Change::Replaced))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Compares what was read, and the open file's exec bit, with the
    /// fingerprint.
    pub fn finish(self) -> Result<(), VerifyError> {
        let status = status_of_open(&self.source)
            .map_err(|error| FsError::new("examine", &self.path, error))?;
        if status.kind != EntryKind::File {
            return Err(changed(&self.path, Change::Replaced));
        }
        let executable = status.executable;
        self.finish_with(executable)
    }
}

impl<R: Read> VerifyingReader<R> {
    /// Reads from `source` what `expected` was taken of; `path` is for messages.
    pub fn new(source: R, path: &Path, expected: &Fingerprint) -> VerifyingReader<R> {
        VerifyingReader {
            source,
            path: path.to_owned(),
            expected: *expected,
            seen: Recogniser::default(),
            end_seen: false,
        }
    }

    fn finish_with(self, executable: bool) -> Result<(), VerifyError> {
        if !self.end_seen {
            return Err(VerifyError::HalfRead { path: self.path });
        }
        let (xxh3, length) = self.seen.finish();
        let size = self.expected.digest.size();
        let change = if length != size {
            Change::Length { expected: size }
        } else if xxh3 != self.expected.xxh3 {
            Change::Content
        } else if executable != self.expected.executable {
            Change::ExecutableBit
        } else {
            return Ok(());
        };
        Err(changed(&self.path, change))
    }
}

impl<R: Read> Read for VerifyingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.expected.digest.size();
        if buffer.is_empty() || self.end_seen {
            return Ok(0);
        }
        let allowed = (size + 1).saturating_sub(self.seen.length());
        let wanted = usize::try_from(allowed).map_or(buffer.len(), |n| n.min(buffer.len()));
        let count = self.source.read(&mut buffer[..wanted])?;
        self.seen.update(&buffer[..count]);
        self.end_seen = count == 0 || self.seen.length() > size;
        Ok(count)
    }
}

fn changed(path: &Path, change: Change) -> VerifyError {
    VerifyError::Changed {
        path: path.to_owned(),
        change,
    }
}

#[cfg(test)]
mod tests;
