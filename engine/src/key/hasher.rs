//! Turns a walk over leaves into a key.

use kiln_plugin_abi::Digest;

use super::ActionKey;
use super::leaf::{Leaf, LeafSink, LeafValue};

/// Separates keys of this format from every other use of SHA-256.
const DOMAIN: &[u8] = b"kiln action key, format 1\0";

/// Collects the canonical encoding: every list and text is preceded by its
/// length, every value by the tag of its kind, so that no two walks share one.
#[derive(Debug)]
pub struct KeyHasher(Vec<u8>);

impl KeyHasher {
    /// An encoding with nothing but the domain.
    #[must_use]
    pub fn new() -> KeyHasher {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend_from_slice(DOMAIN);
        KeyHasher(bytes)
    }

    /// The digest of all leaves taken.
    #[must_use]
    pub fn finish(self) -> ActionKey {
        ActionKey(*Digest::of(&self.0).sha256())
    }

    fn text(&mut self, text: &str) {
        self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn digest(&mut self, digest: &Digest) {
        self.0.extend_from_slice(digest.sha256());
        self.0.extend_from_slice(&digest.size().to_le_bytes());
    }
}

impl Default for KeyHasher {
    fn default() -> Self {
        KeyHasher::new()
    }
}

impl LeafSink for KeyHasher {
    fn leaf(&mut self, leaf: &Leaf<'_>) {
        self.0
            .extend_from_slice(&(leaf.path.len() as u32).to_le_bytes());
        for segment in leaf.path {
            self.text(segment);
        }
        match leaf.value {
            LeafValue::Text(text) => {
                self.0.push(1);
                self.text(text);
            }
            LeafValue::Number(number) => {
                self.0.push(2);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            LeafValue::Content { digest, executable } => {
                self.0.push(3);
                self.digest(&digest);
                self.0.push(executable.into());
            }
            LeafValue::Secret(digest) => {
                self.0.push(4);
                self.digest(&digest);
            }
            LeafValue::Unset => self.0.push(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(leaves: &[(&[&str], LeafValue<'_>)]) -> ActionKey {
        let mut hasher = KeyHasher::new();
        for (path, value) in leaves {
            hasher.leaf(&Leaf {
                path,
                value: *value,
                origin: None,
            });
        }
        hasher.finish()
    }

    #[test]
    fn text_cannot_slide_between_neighbours() {
        let keys = [
            key(&[(&["a", "b"], LeafValue::Text("c"))]),
            key(&[(&["a"], LeafValue::Text("bc"))]),
            key(&[(&["ab"], LeafValue::Text("c"))]),
            key(&[(&["a", "b", "c"], LeafValue::Text(""))]),
            key(&[(&["a", "b"], LeafValue::Unset)]),
            key(&[
                (&["a"], LeafValue::Text("b")),
                (&["c"], LeafValue::Text("")),
            ]),
        ];
        for (index, one) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(one), "{index}");
        }
    }

    #[test]
    fn a_secret_differs_from_content_with_the_same_digest() {
        let digest = Digest::of(b"x");
        let content = LeafValue::Content {
            digest,
            executable: false,
        };
        assert_ne!(
            key(&[(&["a"], LeafValue::Secret(digest))]),
            key(&[(&["a"], content)])
        );
    }
}
