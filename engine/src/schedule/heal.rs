//! Finds whose output a lost content is.

use kiln_plugin_abi::Digest;

use super::work::Work;
use crate::artifact::Entry;
use crate::graph::{Graph, TargetId};

/// The targets whose actions produced a content that the store no longer has.
///
/// Walks over all outputs of the run: that is slow, and happens only after
/// something removed a file from the store behind Kiln's back.
#[must_use]
pub fn producers_of(graph: &Graph, work: &Work, lost: Digest) -> Vec<TargetId> {
    let holds = |id: &TargetId| {
        let Some(produced) = work.produced(*id) else {
            return false;
        };
        let entries = produced
            .groups
            .iter()
            .flat_map(|(_, group)| group.listing.entries());
        entries
            .into_iter()
            .any(|(_, entry)| matches!(entry, Entry::File { digest, .. } if *digest == lost))
    };
    let made = graph
        .order()
        .iter()
        .filter(|id| graph.node(**id).has_action());
    made.copied().filter(holds).collect()
}
