//! What a query needs of a graph.

use std::borrow::Cow;

use kiln_plugin_abi::Pattern;

/// A node of the graph; ids are dense, from 0.
pub type NodeId = u32;

/// A frozen graph of targets.
pub trait QueryGraph {
    /// Why a pattern cannot be resolved.
    type Error;

    /// How many nodes there are; all ids are below.
    fn node_count(&self) -> u32;

    /// The nodes that a pattern matches.
    fn resolve(&self, pattern: &Pattern) -> Result<Vec<NodeId>, Self::Error>;

    /// What a node needs directly.
    fn dependencies(&self, node: NodeId) -> &[NodeId];

    /// The node's label in its full form; different for each node.
    fn label(&self, node: NodeId) -> Cow<'_, str>;

    /// The name of the node's driver; `None` for nodes without one.
    fn driver(&self, node: NodeId) -> Option<&str>;

    /// The value of an attribute as text, a list as `[a, b]`; `None` when the
    /// node has no such attribute.
    fn attribute(&self, node: NodeId, name: &str) -> Option<Cow<'_, str>>;

    /// The nodes that an attribute of a node names.
    fn attribute_labels(&self, node: NodeId, name: &str) -> Vec<NodeId>;
}
