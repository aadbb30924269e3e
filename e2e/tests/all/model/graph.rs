//! The model: a graph of targets over a few sources, and what a clean build of it yields.

use proptest::prelude::*;

const SOURCES: usize = 4;
const NODES: usize = 7;

/// What a target does with its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Command {
    /// All of them, one after the other.
    Join,
    /// Their length: many edits leave it as it is, which stops the wave.
    Measure,
}

/// A target; it reads sources and targets before it.
#[derive(Debug, Clone)]
struct Node {
    command: Command,
    sources: Vec<usize>,
    nodes: Vec<usize>,
}

/// A graph with the present content of its sources.
#[derive(Debug, Clone)]
pub struct Graph {
    sources: Vec<String>,
    nodes: Vec<Node>,
}

/// One target with all that its result depends on: if this was seen before, the target must not run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    node: usize,
    command: Command,
    inputs: Vec<String>,
}

impl Reading {
    /// The target's label.
    pub fn label(&self) -> String {
        format!("//:n{}", self.node)
    }

    /// Where its output appears.
    pub fn output_path(&self) -> String {
        format!(".kiln/out/n{}.txt", self.node)
    }

    /// What a clean build writes there.
    pub fn output(&self) -> String {
        let joined = self.inputs.concat();
        match self.command {
            Command::Join => joined,
            Command::Measure => format!("{}\n", joined.len()),
        }
    }
}

impl Graph {
    /// Gives a source another content.
    pub fn write(&mut self, file: usize, content: &str) {
        let count = self.sources.len();
        self.sources[file % count] = content.to_owned();
    }

    /// Gives a target the other command.
    pub fn toggle(&mut self, node: usize) {
        let count = self.nodes.len();
        let command = &mut self.nodes[node % count].command;
        *command = match command {
            Command::Join => Command::Measure,
            Command::Measure => Command::Join,
        };
    }

    /// Every file of the workspace, as path and content.
    pub fn files(&self) -> Vec<(String, String)> {
        let sources = self
            .sources
            .iter()
            .enumerate()
            .map(|(number, content)| (format!("s{number}"), content.clone()));
        let build = self
            .nodes
            .iter()
            .enumerate()
            .map(|(number, node)| node.declaration(number))
            .collect();
        sources.chain([("BUILD.kiln".to_owned(), build)]).collect()
    }

    /// Every target's reading, in an order in which each comes after what it reads.
    pub fn readings(&self) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            let sources = node
                .sources
                .iter()
                .map(|source| self.sources[*source].clone());
            let outputs = node.nodes.iter().map(|node| readings[*node].output());
            let inputs = sources.chain(outputs).collect();
            readings.push(Reading {
                node: number,
                command: node.command,
                inputs,
            });
        }
        readings
    }
}

impl Node {
    fn declaration(&self, number: usize) -> String {
        let sources = self.sources.iter().map(|source| format!("s{source}"));
        let nodes = self.nodes.iter().map(|node| format!(":n{node}"));
        let deps: Vec<String> = sources.chain(nodes).collect();
        let run = match self.command {
            Command::Join => "cat /dev/null $SRCS > $OUT",
            Command::Measure => "cat /dev/null $SRCS | wc -c | tr -d ' ' > $OUT",
        };
        format!(
            "target(name = \"n{number}\", driver = \"sh\", deps = {deps:?}, run = {run:?}, outs = [\"n{number}.txt\"])\n"
        )
    }
}

/// Graphs of up to seven targets over four sources.
pub fn graphs() -> impl Strategy<Value = Graph> {
    let source = "[ab]{0,2}";
    let node = (any::<bool>(), 0_u8..1 << SOURCES, any::<u8>());
    (
        prop::collection::vec(source, SOURCES),
        prop::collection::vec(node, 1..=NODES),
    )
        .prop_map(|(sources, nodes)| {
            let nodes = nodes
                .into_iter()
                .enumerate()
                .map(|(number, (joins, sources, nodes))| Node {
                    command: if joins {
                        Command::Join
                    } else {
                        Command::Measure
                    },
                    sources: members(sources, SOURCES),
                    nodes: members(nodes, number),
                });
            Graph {
                sources,
                nodes: nodes.collect(),
            }
        })
}

/// The numbers below `limit` whose bit is set.
fn members(bits: u8, limit: usize) -> Vec<usize> {
    (0..limit).filter(|bit| bits >> bit & 1 == 1).collect()
}
