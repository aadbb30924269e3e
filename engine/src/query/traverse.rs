//! Walks over the graph; none of them uses the call stack for depth.

use super::graph::{NodeId, QueryGraph};
use super::set::NodeSet;

/// Who needs whom: the graph's edges turned round, within a set of nodes.
pub(super) struct Reversed {
    /// Where each node's edges start in `edges`; one more at the end.
    starts: Vec<usize>,
    edges: Vec<NodeId>,
}

impl Reversed {
    /// The edges between nodes of `within`.
    pub(super) fn new(graph: &impl QueryGraph, within: &NodeSet) -> Reversed {
        let nodes = graph.node_count() as usize;
        let mut starts = vec![0_usize; nodes + 1];
        let inner = |node: NodeId| {
            let dependencies = graph.dependencies(node).iter().copied();
            dependencies.filter(|dependency| within.contains(*dependency))
        };
        for dependency in within.iter().flat_map(inner) {
            starts[dependency as usize + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0; starts[nodes]];
        for node in within.iter() {
            for dependency in inner(node) {
                let slot = &mut next[dependency as usize];
                edges[*slot] = node;
                *slot += 1;
            }
        }
        Reversed { starts, edges }
    }

    pub(super) fn of(&self, node: NodeId) -> &[NodeId] {
        let node = node as usize;
        &self.edges[self.starts[node]..self.starts[node + 1]]
    }
}

/// What `start` reaches in at most `depth` steps, itself included.
pub(super) fn reach<'a>(
    start: NodeSet,
    depth: Option<u32>,
    next: impl Fn(NodeId) -> &'a [NodeId],
) -> NodeSet {
    let mut level: Vec<NodeId> = start.iter().collect();
    let mut reached = start;
    let mut left = depth.unwrap_or(u32::MAX);
    while !level.is_empty() && left > 0 {
        let mut following = Vec::new();
        for node in level {
            let new = next(node).iter().filter(|node| reached.insert(**node));
            following.extend(new);
        }
        level = following;
        // Without a bound no graph is deep enough to bring this to 0.
        left -= 1;
    }
    reached
}

/// The nodes of one shortest path from `from` to `to`; none without a path.
pub(super) fn some_path(graph: &impl QueryGraph, from: &NodeSet, to: &NodeSet) -> NodeSet {
    let mut came_from: Vec<Option<NodeId>> = vec![None; graph.node_count() as usize];
    let mut seen = from.clone();
    let mut queue: std::collections::VecDeque<NodeId> = from.iter().collect();
    let mut path = NodeSet::empty(graph.node_count());
    while let Some(node) = queue.pop_front() {
        if to.contains(node) {
            let mut at = Some(node);
            while let Some(node) = at {
                path.insert(node);
                at = came_from[node as usize];
            }
            return path;
        }
        for dependency in graph.dependencies(node) {
            if seen.insert(*dependency) {
                came_from[*dependency as usize] = Some(node);
                queue.push_back(*dependency);
            }
        }
    }
    path
}
