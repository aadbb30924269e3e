//! The package snapshot on disk (format 1): packages of earlier runs with the
//! notes that say when they are still valid.
//!
//! ```text
//! header   magic 8 · format u32 · 0 u32 · identity 32 · index offset, length, checksum u64 · header checksum u64
//! records  PackageHeader, TargetList … (each length-delimited) · WalkedDirectories
//! index    proto Index: place and checksum of every record
//! ```
//! Numbers are little-endian, checksums XXH3-64. A file of another format or
//! identity, or with any damage, is as good as none.

use std::path::Path;

use kiln_plugin_abi::{Digest, PackagePath};
use kiln_proto::snapshot::{Entry, Index, PackageHeader, WalkedDirectories};
use prost::Message;
use xxhash_rust::xxh3::xxh3_64;

use super::mapped::MappedFile;
use crate::sys::fs::{self, FsResult};

const MAGIC: &[u8; 8] = b"KILNPKGS";
const FORMAT: u32 = 1;
const HEADER: usize = 80;

/// A snapshot of an earlier run, mapped.
#[derive(Debug)]
pub(super) struct Snapshot {
    file: MappedFile,
    index: Index,
}

/// One package's record; its checksum is right.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Notes and number of targets.
    pub header: PackageHeader,
    /// The lists of targets.
    pub targets: &'a [u8],
}

impl Snapshot {
    /// Opens a snapshot; `None` when there is none that can be used.
    pub(super) fn open(path: &Path, identity: &Digest) -> Option<Snapshot> {
        let file = MappedFile::open(path).ok()?;
        let header = file.get(..HEADER)?;
        let number = |at: usize| {
            let bytes = header.get(at..at + 8)?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let known = header[..8] == *MAGIC
            && header[8..16] == u64::from(FORMAT).to_le_bytes()
            && header[16..48] == *identity.sha256()
            && number(72)? == xxh3_64(&header[..72]);
        if !known {
            return None;
        }
        let place = Entry {
            package: String::new(),
            offset: number(48)?,
            length: number(56)?,
            checksum: number(64)?,
        };
        let index = Index::decode(bytes_at(&file, &place)?).ok()?;
        let sorted = index.packages.is_sorted_by(|a, b| a.package < b.package);
        sorted.then_some(Snapshot { file, index })
    }

    /// The record of a package; `None` when there is none, or a damaged one.
    pub(super) fn package(&self, package: &PackagePath) -> Option<Record<'_>> {
        let entries = &self.index.packages;
        let found = entries.binary_search_by(|entry| entry.package.as_str().cmp(package.as_str()));
        let mut bytes = bytes_at(&self.file, &entries[found.ok()?])?;
        let header = PackageHeader::decode_length_delimited(&mut bytes).ok()?;
        Some(Record {
            header,
            targets: bytes,
        })
    }

    /// The directories walked; none when the record is damaged.
    pub(super) fn directories(&self) -> WalkedDirectories {
        let entry = self.index.directories.as_ref();
        entry
            .and_then(|entry| bytes_at(&self.file, entry))
            .and_then(|bytes| WalkedDirectories::decode(bytes).ok())
            .unwrap_or_default()
    }

    /// All records as they are, with the package each belongs to. They are not
    /// checked: a damaged one stays damaged, and unused.
    pub(super) fn raw_packages(&self) -> impl Iterator<Item = (&str, RawRecord<'_>)> {
        self.index.packages.iter().filter_map(|entry| {
            let raw = RawRecord {
                bytes: slice(&self.file, entry)?,
                checksum: entry.checksum,
            };
            Some((entry.package.as_str(), raw))
        })
    }
}

/// A record with the checksum that it should have.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawRecord<'a> {
    bytes: &'a [u8],
    checksum: u64,
}

impl<'a> RawRecord<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> RawRecord<'a> {
        RawRecord {
            bytes,
            checksum: xxh3_64(bytes),
        }
    }
}

fn slice<'a>(file: &'a [u8], entry: &Entry) -> Option<&'a [u8]> {
    let start = usize::try_from(entry.offset).ok()?;
    let end = start.checked_add(usize::try_from(entry.length).ok()?)?;
    file.get(start..end)
}

fn bytes_at<'a>(file: &'a [u8], entry: &Entry) -> Option<&'a [u8]> {
    slice(file, entry).filter(|bytes| xxh3_64(bytes) == entry.checksum)
}

/// Replaces the snapshot at `path`. `packages` are sorted by package.
pub(super) fn write<'a>(
    path: &Path,
    identity: &Digest,
    packages: impl Iterator<Item = (&'a str, RawRecord<'a>)>,
    directories: &WalkedDirectories,
) -> FsResult<()> {
    let mut file = vec![0; HEADER];
    let mut index = Index::default();
    let mut append = |package: &str, record: RawRecord<'_>| {
        let entry = Entry {
            package: package.to_owned(),
            offset: file.len() as u64,
            length: record.bytes.len() as u64,
            checksum: record.checksum,
        };
        file.extend_from_slice(record.bytes);
        entry
    };
    for (package, record) in packages {
        index.packages.push(append(package, record));
    }
    if !directories.directories.is_empty() {
        let bytes = directories.encode_to_vec();
        index.directories = Some(append("", RawRecord::new(&bytes)));
    }
    let place = append("", RawRecord::new(&index.encode_to_vec()));
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&u64::from(FORMAT).to_le_bytes());
    header.extend_from_slice(identity.sha256());
    for number in [place.offset, place.length, place.checksum] {
        header.extend_from_slice(&number.to_le_bytes());
    }
    header.extend_from_slice(&xxh3_64(&header).to_le_bytes());
    file[..HEADER].copy_from_slice(&header);
    fs::write_atomically(path, &file)
}
