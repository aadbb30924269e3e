//! Order and cycles: a depth-first walk that keeps its own stack, because a
//! chain of targets may be longer than any call stack.

use kiln_plugin_abi::Diagnostic;

use super::{Graph, Item, Node, TargetId};
use crate::failure::{Failure, FailureKind, Outcome};

/// Longest cycle printed in full; of a longer one, both ends are shown.
const SHOWN: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unseen,
    OnPath,
    Done,
}

impl Graph {
    /// Computes [`Graph::order`]; a cycle is an error with its whole path.
    pub(super) fn sort(&mut self) -> Outcome<()> {
        let edges: Vec<Vec<TargetId>> = self.nodes.iter().map(declared_edges).collect();
        let mut marks = vec![Mark::Unseen; self.nodes.len()];
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut path: Vec<(TargetId, usize)> = Vec::new();
        for start in 0..self.nodes.len() {
            if marks[start] != Mark::Unseen {
                continue;
            }
            marks[start] = Mark::OnPath;
            path.push((TargetId(start as u32), 0));
            while let Some((id, next)) = path.last_mut() {
                let Some(&to) = edges[id.index()].get(*next) else {
                    marks[id.index()] = Mark::Done;
                    order.push(*id);
                    path.pop();
                    continue;
                };
                *next += 1;
                match marks[to.index()] {
                    Mark::Done => {}
                    Mark::Unseen => {
                        marks[to.index()] = Mark::OnPath;
                        path.push((to, 0));
                    }
                    Mark::OnPath => {
                        let ids: Vec<TargetId> = path.iter().map(|(id, _)| *id).collect();
                        return Err(self.cycle(&ids, to));
                    }
                }
            }
        }
        self.order = order;
        Ok(())
    }

    /// Derives the edges that scheduling follows from the inputs.
    pub(super) fn connect(&mut self) {
        self.dependents = vec![Vec::new(); self.nodes.len()];
        for index in 0..self.nodes.len() {
            let mut waits_for: Vec<TargetId> = self.nodes[index]
                .inputs
                .iter()
                .flat_map(|group| &group.items)
                .filter_map(output_of)
                .collect();
            waits_for.sort_unstable();
            waits_for.dedup();
            for on in &waits_for {
                self.dependents[on.index()].push(TargetId(index as u32));
            }
            self.nodes[index].waits_for = waits_for;
        }
    }

    fn cycle(&self, path: &[TargetId], back_to: TargetId) -> Failure {
        let start = path.iter().position(|id| *id == back_to).unwrap_or(0);
        let members = &path[start..];
        let mut lines: Vec<String> = members
            .iter()
            .enumerate()
            .map(|(index, id)| {
                let arrow = if index == 0 { "   " } else { "-> " };
                format!("{arrow}{}", self.label(*id))
            })
            .collect();
        lines.push(format!("-> {}", self.label(back_to)));
        if lines.len() > SHOWN {
            let left_out = lines.len() - SHOWN;
            lines.splice(
                SHOWN / 2..SHOWN / 2 + left_out,
                [format!("   … {left_out} more …")],
            );
        }
        // The last member is the one whose reference closes the circle.
        let last = &self.node(*members.last().unwrap_or(&back_to)).target;
        let diagnostic = Diagnostic::error("dependency cycle: the targets need each other")
            .note(lines.join("\n"))
            .hint("remove one of these references");
        let written = self.label(back_to).to_string();
        let diagnostic = super::builder::at_reference(last, diagnostic, &written);
        Failure::new(FailureKind::Build, diagnostic)
    }
}

fn declared_edges(node: &Node) -> Vec<TargetId> {
    node.references().filter_map(output_of).collect()
}

fn output_of(item: &Item) -> Option<TargetId> {
    match item {
        Item::Output(id, _) => Some(*id),
        _ => None,
    }
}
