//! What a key was made of, kept so that a later change can be explained.

use kiln_proto::manifest as proto;
use prost::Message;

use super::leaf::{Leaf, LeafSink, LeafValue};

/// One fact of a [`Manifest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The leaf's name.
    pub path: Vec<String>,
    /// The value as people read it; for content and secrets, a digest.
    pub value: String,
    /// True when `value` is text that may be long or have several lines.
    pub is_text: bool,
    /// The target it comes from, as a label.
    pub origin: Option<String>,
}

/// All facts of one key, in the order of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The facts.
    pub facts: Vec<Fact>,
}

impl Manifest {
    /// The stored form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let facts = self.facts.iter().map(|fact| proto::Fact {
            path: fact.path.clone(),
            value: fact.value.clone(),
            is_text: fact.is_text,
            origin: fact.origin.clone().unwrap_or_default(),
        });
        proto::Manifest {
            facts: facts.collect(),
        }
        .encode_to_vec()
    }

    /// Reads the stored form; `None` when it is damaged.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Manifest> {
        let manifest = proto::Manifest::decode(bytes).ok()?;
        let facts = manifest.facts.into_iter().map(|fact| Fact {
            path: fact.path,
            value: fact.value,
            is_text: fact.is_text,
            origin: (!fact.origin.is_empty()).then_some(fact.origin),
        });
        Some(Manifest {
            facts: facts.collect(),
        })
    }
}

impl LeafSink for Manifest {
    fn leaf(&mut self, leaf: &Leaf<'_>) {
        let (value, is_text) = match leaf.value {
            LeafValue::Text(text) => (text.to_owned(), true),
            LeafValue::Number(number) => (number.to_string(), false),
            LeafValue::Content { digest, executable } => {
                let kind = if executable { " executable" } else { "" };
                (format!("{}{kind}", digest.hex()), false)
            }
            LeafValue::Secret(digest) => (format!("secret {}", digest.hex()), false),
            LeafValue::Unset => ("unset".to_owned(), false),
        };
        self.facts.push(Fact {
            path: leaf
                .path
                .iter()
                .map(|&segment| segment.to_owned())
                .collect(),
            value,
            is_text,
            origin: leaf.origin.map(ToString::to_string),
        });
    }
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::Digest;

    use super::*;

    #[test]
    fn a_manifest_survives_storage_and_never_holds_a_secret() {
        let mut manifest = Manifest::default();
        for value in [
            LeafValue::Text("cc -c x.c"),
            LeafValue::Secret(Digest::of(b"hunter2")),
            LeafValue::Unset,
        ] {
            manifest.leaf(&Leaf {
                path: &["a", "b"],
                value,
                origin: None,
            });
        }
        let bytes = manifest.encode();
        assert_eq!(Manifest::decode(&bytes), Some(manifest));
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
        assert_eq!(Manifest::decode(b"\xff\xff"), None);
    }
}
