//! `just bench [SIZE …] [rounds=N]`: Kiln beside ninja on the same generated graphs, as ratios taken in one run.
//! Prints Markdown for `docs/benchmarks/`. Not a test: nothing here passes or fails by the clock.

mod graph;
mod kiln_side;
mod measure;
mod ninja_side;
mod report;

use graph::Graph;
use kiln_side::KilnSide;
use ninja_side::NinjaSide;
use report::Report;

/// What the command line asks for.
struct Plan {
    sizes: Vec<usize>,
    rounds: usize,
}

impl Plan {
    fn from_arguments() -> Self {
        let mut plan = Self {
            sizes: Vec::new(),
            rounds: 3,
        };
        // Cargo adds `--bench`; whatever is neither a number nor `rounds=N` is not for us.
        for argument in std::env::args().skip(1) {
            if let Ok(size) = argument.parse() {
                plan.sizes.push(size);
            } else if let Some(rounds) = argument
                .strip_prefix("rounds=")
                .and_then(|rounds| rounds.parse().ok())
            {
                plan.rounds = rounds;
            }
        }
        if plan.sizes.is_empty() {
            plan.sizes = vec![1_000, 10_000];
        }
        plan
    }
}

fn main() {
    let plan = Plan::from_arguments();
    println!("{}", report::heading(plan.rounds));
    for size in plan.sizes {
        for graph in [Graph::wide(size), Graph::layered(size)] {
            let mut report = Report::default();
            for round in 0..plan.rounds {
                eprintln!("{}, round {} of {}", graph.name(), round + 1, plan.rounds);
                NinjaSide::new(&graph).measure(&mut report);
                KilnSide::new(&graph).measure(&mut report);
            }
            println!("{}", report.table(&graph));
        }
    }
}
