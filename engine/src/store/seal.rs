//! The envelope of every record: format version, checksum, payload.
//!
//! The checksum covers the record's key, so that one that landed in another's
//! place does not read either. What is not sound reads as absent.

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3Default;

const VERSION: u8 = 1;
const HEADER: usize = 9;

/// Puts `payload` into the form in which it is kept under `key`.
pub(super) fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEADER + payload.len());
    record.push(VERSION);
    record.extend(checksum(key, payload).to_le_bytes());
    record.extend(payload);
    record
}

/// The payload of a record that was kept under `key`; `None` when it is
/// damaged or of another version.
pub(super) fn open(key: &[u8], record: Bytes) -> Option<Bytes> {
    let header = record.get(..HEADER)?;
    let payload = record.slice(HEADER..);
    let sound = header[0] == VERSION && header[1..] == checksum(key, &payload).to_le_bytes();
    sound.then_some(payload)
}

fn checksum(key: &[u8], payload: &[u8]) -> u64 {
    let mut hasher = Xxh3Default::new();
    hasher.update(key);
    hasher.update(payload);
    hasher.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_only_whole_and_under_its_key() {
        let record = seal(b"key", b"payload");
        let open_one = |key: &[u8], record: &[u8]| open(key, Bytes::copy_from_slice(record));
        assert_eq!(open_one(b"key", &record).as_deref(), Some(&b"payload"[..]));
        assert_eq!(open_one(b"kez", &record), None);
        for index in 0..record.len() {
            let mut damaged = record.clone();
            damaged[index] ^= 1;
            assert_eq!(open_one(b"key", &damaged), None, "byte {index}");
            assert_eq!(open_one(b"key", &record[..index]), None, "cut at {index}");
        }
    }
}
