//! The fingerprint file: a flat table, sorted by path, read in one go and
//! searched where it lies.
//!
//! ```text
//! magic 8 | version u32 | count u32 | length u64 | xxh3 u64     all little endian
//! count records of 104 bytes, sorted by path
//! the paths, one after another
//! ```
//! Damage, another version or a cut is an empty table: it only costs hashing.

use kiln_plugin_abi::Digest;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::fingerprint::Fingerprint;
use crate::sys::stat::FileStat;

const MAGIC: &[u8; 8] = b"KILNFPT\0";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const RECORD: usize = 104;

const EXECUTABLE: u64 = 1;
const SETTLED: u64 = 2;

/// What is remembered under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fingerprint: Fingerprint,
    /// The change time was old enough when the file was hashed: any later write
    /// shows in the stat.
    pub(super) settled: bool,
}

/// A sorted table in its file form.
#[derive(Debug, Default)]
pub(super) struct Table {
    bytes: Vec<u8>,
    count: usize,
}

impl Table {
    /// Takes the contents of a fingerprint file; empty when they are not sound.
    pub(super) fn from_bytes(bytes: Vec<u8>) -> Table {
        match check(&bytes) {
            Some(count) => Table { bytes, count },
            None => Table::default(),
        }
    }

    /// Builds the table of `records`, which come sorted by path, each once.
    /// Paths beyond the 4 GiB that the format can address are left out.
    pub(super) fn build<'a>(records: impl Iterator<Item = (&'a str, Record)>) -> Table {
        let mut table = Vec::new();
        let mut paths = Vec::new();
        let mut count = 0u32;
        for (path, record) in records {
            let (Ok(start), Ok(length)) = (u32::try_from(paths.len()), u32::try_from(path.len()))
            else {
                break;
            };
            table.extend(encode(start, length, &record));
            paths.extend(path.bytes());
            count += 1;
        }
        let mut bytes = Vec::with_capacity(HEADER + table.len() + paths.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(((HEADER + table.len() + paths.len()) as u64).to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(table);
        bytes.extend(paths);
        let checksum = xxh3_64_with_seed(&bytes[HEADER..], u64::from(count));
        bytes[24..32].copy_from_slice(&checksum.to_le_bytes());
        Table {
            bytes,
            count: count as usize,
        }
    }

    /// The file form.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Looks `path` up.
    pub(super) fn get(&self, path: &str) -> Option<Record> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            match self.path(middle).cmp(path.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(decode(self.record(middle))),
            }
        }
        None
    }

    /// All paths with their records, sorted. A path that is not UTF-8 is left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Record)> {
        (0..self.count).filter_map(|index| {
            let path = std::str::from_utf8(self.path(index)).ok()?;
            Some((path, decode(self.record(index))))
        })
    }

    fn record(&self, index: usize) -> &[u8] {
        &self.bytes[HEADER + index * RECORD..][..RECORD]
    }

    /// A damaged range, which the checksum makes all but impossible, is an empty path.
    fn path(&self, index: usize) -> &[u8] {
        let record = self.record(index);
        let start = number(record, 0, 4) as usize;
        let length = number(record, 4, 4) as usize;
        let paths = &self.bytes[HEADER + self.count * RECORD..];
        paths.get(start..start + length).unwrap_or_default()
    }
}

/// The number of records of sound `bytes`.
fn check(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..HEADER)?;
    let count = number(header, 12, 4);
    let sound = header.starts_with(MAGIC)
        && number(header, 8, 4) == u64::from(VERSION)
        && number(header, 16, 8) == bytes.len() as u64
        && (bytes.len() - HEADER) as u64 >= count * RECORD as u64
        && number(header, 24, 8) == xxh3_64_with_seed(&bytes[HEADER..], count);
    sound.then_some(count as usize)
}

fn encode(start: u32, length: u32, record: &Record) -> [u8; RECORD] {
    let Fingerprint {
        digest,
        xxh3,
        executable,
        stat,
    } = &record.fingerprint;
    let flags = u64::from(*executable) * EXECUTABLE + u64::from(record.settled) * SETTLED;
    let mut bytes = [0; RECORD];
    bytes[0..4].copy_from_slice(&start.to_le_bytes());
    bytes[4..8].copy_from_slice(&length.to_le_bytes());
    bytes[8..40].copy_from_slice(digest.sha256());
    bytes[40..56].copy_from_slice(&xxh3.to_le_bytes());
    bytes[56..64].copy_from_slice(&stat.size.to_le_bytes());
    bytes[64..72].copy_from_slice(&stat.mtime_ns.to_le_bytes());
    bytes[72..80].copy_from_slice(&stat.ctime_ns.to_le_bytes());
    bytes[80..88].copy_from_slice(&stat.inode.to_le_bytes());
    bytes[88..96].copy_from_slice(&stat.device.to_le_bytes());
    bytes[96..104].copy_from_slice(&flags.to_le_bytes());
    bytes
}

fn decode(record: &[u8]) -> Record {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(&record[8..40]);
    let mut xxh3 = [0; 16];
    xxh3.copy_from_slice(&record[40..56]);
    let size = number(record, 56, 8);
    let flags = number(record, 96, 8);
    Record {
        fingerprint: Fingerprint {
            digest: Digest::new(sha256, size),
            xxh3: u128::from_le_bytes(xxh3),
            executable: flags & EXECUTABLE != 0,
            stat: FileStat {
                size,
                mtime_ns: number(record, 64, 8).cast_signed(),
                ctime_ns: number(record, 72, 8).cast_signed(),
                inode: number(record, 80, 8),
                device: number(record, 88, 8),
            },
        },
        settled: flags & SETTLED != 0,
    }
}

/// The little-endian number in `width` (at most 8) bytes at `start`.
fn number(bytes: &[u8], start: usize, width: usize) -> u64 {
    bytes[start..start + width]
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
