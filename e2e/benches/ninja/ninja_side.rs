//! A graph as a `build.ninja`, and ninja's costs on it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use kiln_e2e::{Workspace, repository};

use crate::graph::{Graph, Node};
use crate::measure::{Cost, measure};
use crate::report::{Report, Step};

const RULES: &str = "\
rule sum
  command = cksum $in > $out
rule sum_all
  command = xargs cksum < $out.rsp > $out
  rspfile = $out.rsp
  rspfile_content = $in

";

/// A directory that ninja builds.
pub struct NinjaSide<'a> {
    graph: &'a Graph,
    directory: Workspace,
}

impl<'a> NinjaSide<'a> {
    /// Writes sources and rules.
    pub fn new(graph: &'a Graph) -> Self {
        let directory = Workspace::bare();
        let mut rules = String::from(RULES);
        for node in &graph.nodes {
            directory.write(node.source(), node.number.to_string());
            let inputs: String = node
                .inputs
                .iter()
                .map(|input| format!(" {}", output(*input)))
                .collect();
            let _ = writeln!(
                rules,
                "build {}: sum {}{inputs}",
                output(node.number),
                node.source()
            );
        }
        let inputs: String = graph
            .roots
            .iter()
            .map(|root| format!(" {}", output(*root)))
            .collect();
        let _ = writeln!(rules, "build out/root: sum_all{inputs}\ndefault out/root");
        directory.write("build.ninja", rules);
        Self { graph, directory }
    }

    /// Cold, twice nothing, one change.
    pub fn measure(&self, report: &mut Report) {
        report.ninja(Step::Cold, self.build());
        report.ninja(Step::NoOp, self.build());
        report.ninja(Step::NoOp, self.build());
        self.directory.append(self.graph.edited_source(), "changed");
        report.ninja(Step::OneChange, self.build());
    }

    fn build(&self) -> Cost {
        measure(Command::new(ninja()).current_dir(self.directory.root()))
    }
}

fn output(number: usize) -> String {
    format!("out/{}/t{number}.out", Node::package(number))
}

/// `$NINJA`, else the PyPI package `ninja`, put into a virtual environment under `target/` once.
fn ninja() -> &'static Path {
    static NINJA: OnceLock<PathBuf> = OnceLock::new();
    NINJA.get_or_init(|| std::env::var_os("NINJA").map_or_else(installed, PathBuf::from))
}

fn installed() -> PathBuf {
    let environment = repository().join("target/ninja-venv");
    let binary = environment.join("bin/ninja");
    if !binary.exists() {
        succeed(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        );
        succeed(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "ninja"]));
    }
    fs::canonicalize(&binary).expect("pip installed ninja")
}

fn succeed(command: &mut Command) {
    let status = command
        .status()
        .expect("python3 is needed for the benchmark");
    assert!(status.success(), "{command:?}: {status}");
}
