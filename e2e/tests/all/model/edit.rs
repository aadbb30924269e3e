//! What may happen to a workspace between two builds.

use proptest::prelude::*;

/// One step of a script. Numbers too large for the graph wrap around.
#[derive(Debug, Clone)]
pub enum Edit {
    /// A source gets this content.
    Write {
        /// Which source.
        file: usize,
        /// From a small alphabet, so that old contents come back.
        content: String,
    },
    /// A target changes its command, or takes the old one back.
    Toggle {
        /// Which target.
        node: usize,
    },
    /// The directory `.kiln` is deleted.
    ForgetOutputs,
}

/// Any edit; most of them write.
pub fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        6 => (any::<usize>(), "[ab]{0,2}").prop_map(|(file, content)| Edit::Write { file, content }),
        2 => any::<usize>().prop_map(|node| Edit::Toggle { node }),
        1 => Just(Edit::ForgetOutputs),
    ]
}
