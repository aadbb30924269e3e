//! Hashing of file contents: digests, fingerprints of workspace files, and the
//! reader that verifies them.
//!
//! `hasher` is the one implementation that everything else here shares;
//! `fingerprint` examines one file, `source` decides which file a workspace
//! path means, `cache` remembers fingerprints between runs, `verify` reads a
//! file again and proves that it is still the one that was fingerprinted.
//! Nothing here knows the store.

mod cache;
mod fingerprint;
mod hasher;
mod source;
mod table;
mod verify;

pub use crate::sys::stat::{EntryKind, FileStat};
pub use cache::{Counters, FingerprintCache};
pub use fingerprint::{Fingerprint, fingerprint_file};
pub use hasher::{ContentHash, ContentHasher};
pub use source::{Source, SourceError};
pub use verify::{Change, VerifyError, VerifyingReader};
