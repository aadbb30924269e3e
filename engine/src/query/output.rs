//! Answers, and their text for Graphviz.

use std::collections::HashMap;
use std::fmt::Write;

use super::graph::{NodeId, QueryGraph};
use super::set::NodeSet;

/// A part of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The nodes, sorted by label.
    pub nodes: Vec<NodeId>,
    /// Their labels, in the same order.
    pub labels: Vec<String>,
    /// Direct dependencies among them as indices into `labels`, sorted: the
    /// first needs the second.
    pub edges: Vec<(u32, u32)>,
}

impl Answer {
    pub(super) fn new(graph: &impl QueryGraph, set: &NodeSet) -> Answer {
        let mut named: Vec<(String, NodeId)> = set
            .iter()
            .map(|node| (graph.label(node).into_owned(), node))
            .collect();
        named.sort_unstable();
        let places: HashMap<NodeId, u32> = named.iter().map(|(_, node)| *node).zip(0..).collect();
        let mut edges = Vec::new();
        for (index, (_, node)) in (0..).zip(&named) {
            let dependencies = graph.dependencies(*node).iter();
            let inside = dependencies.filter_map(|dependency| places.get(dependency));
            edges.extend(inside.map(|place| (index, *place)));
        }
        edges.sort_unstable();
        edges.dedup();
        let (labels, nodes) = named.into_iter().unzip();
        Answer {
            nodes,
            labels,
            edges,
        }
    }
}

/// A graph in Graphviz's language. `edges` are indices into `labels`.
#[must_use]
pub fn dot(labels: &[String], edges: &[(u32, u32)]) -> String {
    let mut text = String::from("digraph targets {\n  node [shape=box];\n");
    let quoted: Vec<String> = labels.iter().map(|label| quote(label)).collect();
    for label in &quoted {
        writeln!(text, "  {label};").expect("a string grows as needed");
    }
    for (from, to) in edges {
        if let (Some(from), Some(to)) = (quoted.get(*from as usize), quoted.get(*to as usize)) {
            writeln!(text, "  {from} -> {to};").expect("a string grows as needed");
        }
    }
    text.push_str("}\n");
    text
}

/// Within quotes only `"` has to be escaped, and `\`, which would escape what
/// follows; control characters cannot be part of a label.
fn quote(label: &str) -> String {
    format!("\"{}\"", label.replace('\\', "\\\\").replace('"', "\\\""))
}
