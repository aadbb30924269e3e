//! The one pass over bytes that identifies them (SHA-256 and length) and makes
//! them cheap to recognise again (XXH3-128).

use kiln_plugin_abi::Digest;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::Xxh3Default;

/// What one pass over some bytes gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentHash {
    /// The bytes' identity.
    pub digest: Digest,
    /// Recognises the same bytes in a second pass; identifies nothing.
    pub xxh3: u128,
}

impl ContentHash {
    /// Hashes bytes that are in memory already.
    #[must_use]
    pub fn of(bytes: &[u8]) -> ContentHash {
        let mut hasher = ContentHasher::new();
        hasher.update(bytes);
        hasher.finish()
    }
}

/// Hashes bytes as they come.
#[derive(Clone, Default)]
pub struct ContentHasher {
    sha256: Sha256,
    recogniser: Recogniser,
}

impl ContentHasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> ContentHasher {
        ContentHasher::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.recogniser.update(bytes);
    }

    /// The hashes of everything taken.
    #[must_use]
    pub fn finish(self) -> ContentHash {
        let (xxh3, length) = self.recogniser.finish();
        ContentHash {
            digest: Digest::new(self.sha256.finalize().into(), length),
            xxh3,
        }
    }
}

/// The cheap half of [`ContentHasher`], for reading again what was hashed once.
#[derive(Clone, Default)]
pub(super) struct Recogniser {
    xxh3: Xxh3Default,
    length: u64,
}

impl Recogniser {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.xxh3.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// Number of bytes taken.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// XXH3-128 and length of everything taken.
    pub(super) fn finish(&self) -> (u128, u64) {
        (self.xxh3.digest128(), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use xxhash_rust::xxh3::xxh3_128;

    proptest! {
        #[test]
        fn pieces_hash_like_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..3000), cut in 1usize..700) {
            let mut hasher = ContentHasher::new();
            for piece in bytes.chunks(cut) {
                hasher.update(piece);
            }
            let hash = hasher.finish();
            prop_assert_eq!(hash.digest, Digest::of(&bytes));
            prop_assert_eq!(hash.xxh3, xxh3_128(&bytes));
            prop_assert_eq!(hash, ContentHash::of(&bytes));
        }
    }
}
