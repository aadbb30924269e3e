//! One fact that enters a key, and who listens to the walk over all of them.

use kiln_plugin_abi::{Digest, Label};

/// The value of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafValue<'a> {
    /// Text as it is.
    Text(&'a str),
    /// A number.
    Number(u64),
    /// Content that stands elsewhere.
    Content {
        /// Digest of the bytes or of the listing.
        digest: Digest,
        /// The exec bit of a file.
        executable: bool,
    },
    /// A value that must not be shown: only its digest is known here.
    Secret(Digest),
    /// Nothing, which differs from empty text.
    Unset,
}

/// One fact: its name in segments, its value, and the target it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a> {
    /// The name, from the general to the special. Enters the key.
    pub path: &'a [&'a str],
    /// The value. Enters the key.
    pub value: LeafValue<'a>,
    /// The target whose output this is. For explanations only: renaming a
    /// dependency changes nothing that an action can see.
    pub origin: Option<&'a Label>,
}

/// Receives the leaves of a walk in their canonical order.
pub trait LeafSink {
    /// Takes one leaf.
    fn leaf(&mut self, leaf: &Leaf<'_>);
}

/// Lets one walk feed two sinks, so that key and explanation cannot disagree.
impl<A: LeafSink, B: LeafSink> LeafSink for (&mut A, &mut B) {
    fn leaf(&mut self, leaf: &Leaf<'_>) {
        self.0.leaf(leaf);
        self.1.leaf(leaf);
    }
}
