//! The one identity of bytes: SHA-256 and length.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 and size of some bytes; the same bytes have the same digest
/// everywhere, locally and in every remote cache.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    sha256: [u8; 32],
    size: u64,
}

impl Digest {
    /// A digest from its parts; `size` is in bytes.
    #[must_use]
    pub const fn new(sha256: [u8; 32], size: u64) -> Digest {
        Digest { sha256, size }
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Digest {
        Digest::new(Sha256::digest(bytes).into(), bytes.len() as u64)
    }

    /// The raw hash.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Length of the bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hash as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(self.sha256)
    }

    /// Reads 64 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str, size: u64) -> Option<Digest> {
        let mut sha256 = [0; 32];
        hex::decode_to_slice(text, &mut sha256).ok()?;
        Some(Digest::new(sha256, size))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.hex(), self.size)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}…/{})", &self.hex()[..12], self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing_is_the_well_known_one() {
        let digest = Digest::of(b"");
        assert_eq!(
            digest.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/0"
        );
        assert_eq!(Digest::from_hex(&digest.hex(), 0), Some(digest));
    }

    #[test]
    fn text_that_is_not_64_hex_digits_is_no_digest() {
        assert_eq!(Digest::from_hex("abc", 0), None);
        assert_eq!(Digest::from_hex(&"g".repeat(64), 0), None);
    }
}
