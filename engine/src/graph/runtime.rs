//! What surrounds a tool: the runtime dependencies of the target that makes it.

use std::collections::HashSet;

use kiln_plugin_abi::{Action, Role};

use super::{Graph, Item, ItemGroup, TargetId};

/// Gives every target that uses a tool the tool's runtime dependencies as
/// inputs, under the tool's name.
pub(super) fn surround_tools(graph: &mut Graph) {
    for index in 0..graph.nodes.len() {
        let mut around = Vec::new();
        for group in &graph.nodes[index].inputs {
            if group.role != Role::Tool {
                continue;
            }
            let mut items = Vec::new();
            for item in &group.items {
                if let Item::Output(tool, _) = item {
                    items.extend(closure(graph, *tool));
                }
            }
            if !items.is_empty() {
                around.push(ItemGroup {
                    role: Role::Runtime,
                    name: group.name.clone(),
                    items,
                });
            }
        }
        graph.nodes[index].inputs.extend(around);
    }
}

/// The runtime dependencies of a target and, transitively, of these; also of
/// the targets that a group re-exports.
#[must_use]
pub fn closure(graph: &Graph, of: TargetId) -> Vec<Item> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([of]);
    let mut pending = vec![of];
    while let Some(id) = pending.pop() {
        let node = graph.node(id);
        found.extend(node.runtime.iter().cloned());
        let re_exported = match node.target.action {
            Action::View(_) => node.inputs.as_slice(),
            _ => &[],
        };
        let next = re_exported
            .iter()
            .flat_map(|group| &group.items)
            .chain(&node.runtime);
        for item in next {
            if let Item::Output(id, _) = item
                && seen.insert(*id)
            {
                pending.push(*id);
            }
        }
    }
    found
}
