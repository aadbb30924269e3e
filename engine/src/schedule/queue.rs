//! What has to run, the most urgent first.
//!
//! Urgency is the length of the longest chain of recorded durations from a
//! target to the end of the build: the critical path runs first.

use std::collections::{BinaryHeap, HashMap};

use crate::execute::ResolvedGroup;
use crate::graph::{Graph, TargetId};
use crate::key::ActionKey;

/// Assumed duration of an action that never ran, in milliseconds.
const UNKNOWN_MS: u64 = 50;

/// A target that has to run.
#[derive(Debug)]
pub struct Candidate {
    /// Which.
    pub id: TargetId,
    /// Its key.
    pub key: ActionKey,
    /// Its inputs.
    pub inputs: Vec<ResolvedGroup>,
    /// Why it has to run, in one line.
    pub reason: String,
}

/// Candidates ordered by urgency, then by number so that the order is stable.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<(u64, std::cmp::Reverse<TargetId>)>,
    candidates: HashMap<TargetId, Candidate>,
    urgency: Vec<u64>,
}

impl Queue {
    /// Computes the urgency of every target, once, when the first has to run.
    pub fn prepare(&mut self, graph: &Graph, durations: &HashMap<String, u64>) {
        if !self.urgency.is_empty() {
            return;
        }
        self.urgency = vec![0; graph.len()];
        for &id in graph.order().iter().rev() {
            let node = graph.node(id);
            let own = if node.has_action() {
                let known = durations.get(&node.target.label.to_string());
                known.copied().unwrap_or(UNKNOWN_MS).max(1)
            } else {
                0
            };
            let behind = graph
                .dependents(id)
                .iter()
                .map(|on| self.urgency[on.index()]);
            self.urgency[id.index()] = own.saturating_add(behind.max().unwrap_or(0));
        }
    }

    /// True when [`Queue::prepare`] has been called.
    #[must_use]
    pub fn is_prepared(&self) -> bool {
        !self.urgency.is_empty()
    }

    /// Adds a candidate.
    pub fn push(&mut self, candidate: Candidate) {
        let urgency = self.urgency.get(candidate.id.index()).copied().unwrap_or(0);
        self.heap.push((urgency, std::cmp::Reverse(candidate.id)));
        self.candidates.insert(candidate.id, candidate);
    }

    /// Takes the most urgent candidate.
    pub fn pop(&mut self) -> Option<Candidate> {
        while let Some((_, std::cmp::Reverse(id))) = self.heap.pop() {
            if let Some(candidate) = self.candidates.remove(&id) {
                return Some(candidate);
            }
        }
        None
    }
}
