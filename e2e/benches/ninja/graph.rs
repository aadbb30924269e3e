//! Generated graphs: which targets there are, and what each reads. How a tool spells that is told elsewhere.

/// Targets per package, that is, per directory.
const PACKAGE: usize = 100;
const LAYERS: usize = 10;

/// A target: one small source of its own, and outputs of targets before it.
#[derive(Debug)]
pub struct Node {
    /// Its number, which is also its place in the graph.
    pub number: usize,
    /// The targets that it reads.
    pub inputs: Vec<usize>,
}

impl Node {
    /// The directory of a target.
    pub fn package(number: usize) -> String {
        format!("p{}", number / PACKAGE)
    }

    /// The path of a target's source.
    pub fn source(&self) -> String {
        format!("{}/t{}.txt", Self::package(self.number), self.number)
    }
}

/// Targets in an order in which each comes after what it reads, and a root that reads the last ones.
#[derive(Debug)]
pub struct Graph {
    shape: &'static str,
    /// All but the root.
    pub nodes: Vec<Node>,
    /// What the root reads.
    pub roots: Vec<usize>,
}

impl Graph {
    /// Targets that read their sources only, and a root that reads them all.
    pub fn wide(size: usize) -> Self {
        let nodes = (0..size)
            .map(|number| Node {
                number,
                inputs: Vec::new(),
            })
            .collect();
        Self {
            shape: "wide",
            nodes,
            roots: (0..size).collect(),
        }
    }

    /// Ten layers; each target reads three of the layer below.
    pub fn layered(size: usize) -> Self {
        let width = size / LAYERS;
        let node = |number: usize| {
            let (layer, column) = (number / width, number % width);
            let below = |step: usize| (layer - 1) * width + (column + step) % width;
            let inputs = if layer == 0 {
                Vec::new()
            } else {
                [0, 1, 7].map(below).to_vec()
            };
            Node { number, inputs }
        };
        let nodes: Vec<Node> = (0..width * LAYERS).map(node).collect();
        let roots = (nodes.len() - width..nodes.len()).collect();
        Self {
            shape: "layered",
            nodes,
            roots,
        }
    }

    /// Shape and size.
    pub fn name(&self) -> String {
        format!("{} {}", self.shape, self.nodes.len())
    }

    /// The source that the measurement of one change edits: in a layered graph everything above it follows.
    pub fn edited_source(&self) -> String {
        self.nodes[self.nodes.len() / 20].source()
    }
}
