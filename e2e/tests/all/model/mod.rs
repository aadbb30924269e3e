//! Random small graphs and random edits, through the binary, against a model of a few lines.
//!
//! The model says more than "same as a clean build": it says exactly which targets may run, because a target whose
//! command and inputs were seen before, in any earlier state of the workspace, must not run again.

mod edit;
mod graph;

use std::collections::BTreeSet;

use kiln_e2e::Workspace;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use edit::Edit;
use graph::{Graph, Reading};

/// The engine's workspace beside what the model knows.
struct Modelled {
    workspace: Workspace,
    graph: Graph,
    seen: BTreeSet<Reading>,
}

impl Modelled {
    fn new(graph: Graph) -> Self {
        Self {
            workspace: Workspace::new(),
            graph,
            seen: BTreeSet::new(),
        }
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Write { file, content } => self.graph.write(*file, content),
            Edit::Toggle { node } => self.graph.toggle(*node),
            Edit::ForgetOutputs => {
                let _ = std::fs::remove_dir_all(self.workspace.path(".kiln"));
            }
        }
    }

    /// Writes only what differs, so that untouched files keep their time.
    fn write_out(&self) {
        for (path, content) in self.graph.files() {
            let current = std::fs::read_to_string(self.workspace.path(&path)).ok();
            if current.as_deref() != Some(content.as_str()) {
                self.workspace.write(path, content);
            }
        }
    }

    /// Builds everything and compares outputs and executed targets with the model.
    fn build(&mut self) {
        self.write_out();
        let readings = self.graph.readings();
        let fresh = readings
            .iter()
            .filter(|reading| !self.seen.contains(*reading));
        let expected: Vec<String> = fresh.map(Reading::label).collect();
        let run = self.workspace.run(["//..."]).success().ran(&expected);
        for reading in &readings {
            assert_eq!(
                self.workspace.read(reading.output_path()),
                reading.output(),
                "{}",
                run.report()
            );
        }
        self.seen.extend(readings);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        max_shrink_iters: 100,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_state_is_right_and_nothing_seen_before_runs_again(
        graph in graph::graphs(),
        edits in prop::collection::vec(edit::edits(), 1..8),
    ) {
        let mut modelled = Modelled::new(graph);
        modelled.build();
        for edit in &edits {
            modelled.apply(edit);
            modelled.build();
        }
    }
}
