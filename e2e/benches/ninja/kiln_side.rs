//! A graph as a Kiln workspace, and Kiln's costs on it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kiln_e2e::{Workspace, files_below};

use crate::graph::{Graph, Node};
use crate::measure::{Cost, measure};
use crate::report::{Report, Step};

/// A workspace that Kiln builds.
pub struct KilnSide<'a> {
    graph: &'a Graph,
    workspace: Workspace,
}

impl<'a> KilnSide<'a> {
    /// Writes sources and BUILD files.
    pub fn new(graph: &'a Graph) -> Self {
        let workspace = Workspace::new();
        let mut packages: BTreeMap<String, String> = BTreeMap::new();
        for node in &graph.nodes {
            workspace.write(node.source(), node.number.to_string());
            let package = packages.entry(Node::package(node.number)).or_default();
            let _ = writeln!(package, "{}", declaration(node));
        }
        let labels: Vec<String> = graph.roots.iter().map(|root| label(*root)).collect();
        let run = "xargs -0 cksum < $SRCS_LIST > $OUT";
        let root = format!(
            "target(name = \"root\", driver = \"sh\", tools = [\"cksum\", \"xargs\"], deps = {labels:?}, run = {run:?}, outs = [\"root\"])\n"
        );
        packages.insert(".".to_owned(), root);
        for (package, text) in packages {
            workspace.write(format!("{package}/BUILD.kiln"), text);
        }
        Self { graph, workspace }
    }

    /// Cold, twice nothing, one change, and what coming back from the store costs.
    pub fn measure(&self, report: &mut Report) {
        report.kiln(Step::Cold, self.build("//:root"));
        report.stored(self.stored());
        report.kiln(Step::NoOp, self.build("//:root"));
        report.kiln(Step::NoOp, self.build("//:root"));
        self.workspace.append(self.graph.edited_source(), "changed");
        report.kiln(Step::OneChange, self.build("//:root"));
        self.workspace.remove(".kiln");
        report.kiln(Step::RestoreRoot, self.build("//:root"));
        self.workspace.remove(".kiln");
        report.kiln(Step::RestoreAll, self.build("//..."));
        report.kiln(Step::NoOpAll, self.build("//..."));
    }

    fn build(&self, pattern: &str) -> Cost {
        measure(&mut self.workspace.kiln(["run", pattern]).into_command())
    }

    /// Bytes of the store's files.
    fn stored(&self) -> u64 {
        let files = files_below(&self.workspace.store(), &|_| true);
        files
            .iter()
            .filter_map(|file| file.metadata().ok())
            .map(|metadata| metadata.len())
            .sum()
    }
}

fn label(number: usize) -> String {
    format!("//{}:t{number}", Node::package(number))
}

fn declaration(node: &Node) -> String {
    let source = format!("t{}.txt", node.number);
    let deps: Vec<String> = std::iter::once(source)
        .chain(node.inputs.iter().map(|input| label(*input)))
        .collect();
    format!(
        "target(name = \"t{0}\", driver = \"sh\", tools = [\"cksum\"], deps = {deps:?}, run = \"cksum $SRCS > $OUT\", outs = [\"t{0}.out\"])",
        node.number
    )
}
