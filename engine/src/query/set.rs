//! Sets of nodes as bits.

use super::graph::NodeId;

/// A set of nodes of one graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeSet(Vec<u64>);

impl NodeSet {
    /// An empty set for a graph of `nodes` nodes.
    pub(super) fn empty(nodes: u32) -> NodeSet {
        NodeSet(vec![0; nodes.div_ceil(64) as usize])
    }

    /// Adds a node; true when it was not in.
    pub(super) fn insert(&mut self, node: NodeId) -> bool {
        let (word, bit) = (&mut self.0[node as usize / 64], 1 << (node % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(super) fn contains(&self, node: NodeId) -> bool {
        self.0[node as usize / 64] & (1 << (node % 64)) != 0
    }

    pub(super) fn unite(&mut self, other: &NodeSet) {
        self.combine(other, |a, b| a | b);
    }

    pub(super) fn subtract(&mut self, other: &NodeSet) {
        self.combine(other, |a, b| a & !b);
    }

    pub(super) fn intersect(&mut self, other: &NodeSet) {
        self.combine(other, |a, b| a & b);
    }

    fn combine(&mut self, other: &NodeSet, with: impl Fn(u64, u64) -> u64) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine = with(*mine, *theirs);
        }
    }

    /// The nodes in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeId> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros())?;
                word &= word - 1;
                Some(index as NodeId * 64 + bit)
            })
        })
    }
}
