//! The costs of both sides, as a Markdown table of medians and ratios.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::graph::Graph;
use crate::measure::Cost;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing built yet, empty store.
    Cold,
    /// Nothing changed.
    NoOp,
    /// One source changed.
    OneChange,
    /// The output directory deleted, the root asked for.
    RestoreRoot,
    /// The output directory deleted, every target's output asked for.
    RestoreAll,
    /// Nothing changed, every target's output asked for.
    NoOpAll,
}

impl Step {
    const ALL: [Self; 6] = [
        Self::Cold,
        Self::NoOp,
        Self::OneChange,
        Self::RestoreRoot,
        Self::RestoreAll,
        Self::NoOpAll,
    ];

    /// What the table calls it, and the step of ninja that it is compared with: ninja has no store to restore from.
    fn row(self) -> (&'static str, Self) {
        match self {
            Self::Cold => ("cold", Self::Cold),
            Self::NoOp => ("no-op", Self::NoOp),
            Self::OneChange => ("one change", Self::OneChange),
            Self::RestoreRoot => ("restore the root (ninja: cold)", Self::Cold),
            Self::RestoreAll => ("restore every output (ninja: cold)", Self::Cold),
            Self::NoOpAll => ("no-op with every output", Self::NoOp),
        }
    }
}

/// All rounds on one graph.
#[derive(Debug, Default)]
pub struct Report {
    ninja: BTreeMap<Step, Vec<Cost>>,
    kiln: BTreeMap<Step, Vec<Cost>>,
    stored: u64,
}

impl Report {
    /// Adds a cost of ninja.
    pub fn ninja(&mut self, step: Step, cost: Cost) {
        self.ninja.entry(step).or_default().push(cost);
    }

    /// Adds a cost of Kiln.
    pub fn kiln(&mut self, step: Step, cost: Cost) {
        self.kiln.entry(step).or_default().push(cost);
    }

    /// Tells the size of the store after the cold build, in bytes.
    pub fn stored(&mut self, bytes: u64) {
        self.stored = bytes;
    }

    /// The table, with a line on memory and store.
    pub fn table(&self, graph: &Graph) -> String {
        let mut text = format!(
            "### {}\n\n| step | ninja | kiln | ratio | kiln per target |\n|---|---|---|---|---|\n",
            graph.name()
        );
        for step in Step::ALL {
            let (name, compared) = step.row();
            let (ninja, kiln) = (median(&self.ninja[&compared]), median(&self.kiln[&step]));
            let ratio = kiln.as_secs_f64() / ninja.as_secs_f64();
            let each = kiln.as_secs_f64() * 1e6 / (graph.nodes.len() + 1) as f64;
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {ratio:.2} | {each:.0} µs |",
                seconds(ninja),
                seconds(kiln)
            );
        }
        let _ = writeln!(
            text,
            "\nPeak memory: ninja {}, kiln {} cold and {} no-op. Store after the cold build: {}.",
            megabytes(peak(&self.ninja[&Step::Cold])),
            megabytes(peak(&self.kiln[&Step::Cold])),
            megabytes(peak(&self.kiln[&Step::NoOp])),
            megabytes(self.stored)
        );
        text
    }
}

/// What is true of every table.
pub fn heading(rounds: usize) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!(
        "Medians of {rounds} alternating rounds on {cores} cores. Each target runs `cksum` on one small source and its inputs; \
         Kiln sandboxes and hashes each, ninja compares times.\n"
    )
}

fn median(costs: &[Cost]) -> Duration {
    let mut walls: Vec<Duration> = costs.iter().map(|cost| cost.wall).collect();
    walls.sort();
    walls[walls.len() / 2]
}

fn peak(costs: &[Cost]) -> u64 {
    costs.iter().map(|cost| cost.peak_memory).max().unwrap_or(0)
}

fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
