//! The frame around every small file that Kiln keeps for itself: magic,
//! version, length, checksum.
//!
//! ```text
//! 8 bytes  magic, names the kind of file
//! 4 bytes  version, little endian
//! 8 bytes  length of the payload, little endian
//! 16 bytes XXH3-128 of the payload, little endian
//! payload
//! ```
//! A file that is damaged, cut or of another version reads as "not there": such
//! files only save work.

use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use super::fs::{self, FsResult};

const HEADER: usize = 36;

/// A kind of framed file.
#[derive(Debug, Clone, Copy)]
pub struct FrameKind {
    /// Names the kind.
    pub magic: [u8; 8],
    /// Raised with every change of the payload's format.
    pub version: u32,
}

impl FrameKind {
    /// Puts the frame around a payload.
    #[must_use]
    pub fn wrap(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend_from_slice(&self.magic);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&xxh3_128(payload).to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// The payload, when the frame is whole and of this kind and version.
    #[must_use]
    pub fn unwrap<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (header, payload) = bytes.split_at_checked(HEADER)?;
        let whole = header[..8] == self.magic
            && header[8..12] == self.version.to_le_bytes()
            && header[12..20] == (payload.len() as u64).to_le_bytes()
            && header[20..36] == xxh3_128(payload).to_le_bytes();
        whole.then_some(payload)
    }

    /// Reads a file and takes the frame off; `None` when it is not there or no good.
    #[must_use]
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let mut bytes = fs::read(path).ok()?;
        self.unwrap(&bytes)?;
        bytes.drain(..HEADER);
        Some(bytes)
    }

    /// Replaces a file by a framed payload, atomically.
    pub fn write(&self, path: &Path, payload: &[u8]) -> FsResult<()> {
        fs::write_atomically(path, &self.wrap(payload))
    }
}

/// Reads little-endian numbers and counted bytes off a payload.
#[derive(Debug, Clone)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// A cursor at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor(bytes)
    }

    /// True when everything was read.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// The next 8 bytes as a number.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A text preceded by its length in 4 bytes.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(head).ok()
    }
}

/// Appends a text preceded by its length in 4 bytes.
pub fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: FrameKind = FrameKind {
        magic: *b"kilntest",
        version: 1,
    };

    #[test]
    fn what_was_wrapped_is_unwrapped() {
        assert_eq!(KIND.unwrap(&KIND.wrap(b"payload")), Some(&b"payload"[..]));
    }

    #[test]
    fn damage_truncation_and_other_versions_read_as_nothing() {
        let whole = KIND.wrap(b"payload");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert_eq!(KIND.unwrap(&damaged), None, "byte {at}");
            assert_eq!(KIND.unwrap(&whole[..at]), None, "cut at {at}");
        }
        let newer = FrameKind { version: 2, ..KIND };
        assert_eq!(newer.unwrap(&whole), None);
    }

    #[test]
    fn a_cursor_never_reads_past_the_end() {
        let mut bytes = Vec::new();
        push_text(&mut bytes, "abc");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.text(), Some("abc"));
        assert!(cursor.is_at_end());
        assert_eq!(Cursor::new(&bytes[..6]).text(), None);
        assert_eq!(Cursor::new(&[255; 4]).text(), None);
    }
}
