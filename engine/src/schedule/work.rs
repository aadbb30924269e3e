//! The mutable side of a request: what each target is doing.
//!
//! ```text
//!                      ┌──────────────── needs ◀───────────────┐
//!                      ▼                                        │ content lost
//! Waiting(n) ─ n = 0 ─▶ Ready ─▶ Queued ─▶ Running ─▶ Done ─────┘
//!      │                  │  └── found, or no action ──▶ ▲
//!      │                  └──────▶ Failed ◀── Running
//!      └─ an input failed ─▶ Skipped
//! ```
//! Every transition goes through [`Work::set`].

use std::sync::Arc;

use super::produced::Produced;
use crate::graph::{Graph, TargetId};

/// What a target is doing.
#[derive(Debug, Clone)]
pub enum State {
    /// So many of the targets it waits for are not done.
    Waiting(u32),
    /// All its inputs are there; it has not been looked up.
    Ready,
    /// It has to run and waits for a place.
    Queued,
    /// Its action is being staged, run or collected.
    Running,
    /// Its outputs are known.
    Done(Arc<Produced>),
    /// Its action failed, or could not be made.
    Failed,
    /// It will not be tried.
    Skipped,
}

/// The states of all targets of a graph.
#[derive(Debug)]
pub struct Work {
    states: Vec<State>,
    ready: Vec<TargetId>,
}

impl Work {
    /// Every target waits; those that wait for nothing are ready.
    #[must_use]
    pub fn new(graph: &Graph) -> Work {
        let mut work = Work {
            states: vec![State::Ready; graph.len()],
            ready: Vec::new(),
        };
        for &id in graph.order() {
            match graph.node(id).waits_for.len() {
                0 => work.ready.push(id),
                count => work.states[id.index()] = State::Waiting(count as u32),
            }
        }
        work
    }

    /// What a target is doing.
    #[must_use]
    pub fn state(&self, id: TargetId) -> &State {
        &self.states[id.index()]
    }

    /// The outputs of a target that is done.
    #[must_use]
    pub fn produced(&self, id: TargetId) -> Option<&Arc<Produced>> {
        match self.state(id) {
            State::Done(produced) => Some(produced),
            _ => None,
        }
    }

    /// Targets that became ready since the last call.
    pub fn take_ready(&mut self) -> Vec<TargetId> {
        std::mem::take(&mut self.ready)
    }

    /// Records that a target is done and wakes those that wait for it.
    pub fn finish(&mut self, graph: &Graph, id: TargetId, produced: Arc<Produced>) {
        self.set(id, State::Done(produced));
        for &dependent in graph.dependents(id) {
            if let State::Waiting(count) = self.states[dependent.index()] {
                if count == 1 {
                    self.set(dependent, State::Ready);
                    self.ready.push(dependent);
                } else {
                    self.set(dependent, State::Waiting(count - 1));
                }
            }
        }
    }

    /// Records that a target failed; whatever waits for it is skipped.
    pub fn fail(&mut self, graph: &Graph, id: TargetId) {
        self.set(id, State::Failed);
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            for &dependent in graph.dependents(id) {
                if !matches!(self.state(dependent), State::Skipped | State::Failed) {
                    self.set(dependent, State::Skipped);
                    pending.push(dependent);
                }
            }
        }
    }

    /// Puts a target back behind producers whose outputs turned out to be lost.
    /// The producers have to run again: they become ready once more.
    pub fn wait_again(&mut self, graph: &Graph, id: TargetId, producers: &[TargetId]) {
        self.run_again(graph, producers);
        let waits = graph.node(id).waits_for.iter();
        let count = waits
            .filter(|on| !matches!(self.state(**on), State::Done(_)))
            .count();
        if count == 0 {
            self.set(id, State::Ready);
            self.ready.push(id);
        } else {
            self.set(id, State::Waiting(count as u32));
        }
    }

    /// Makes targets that are done ready once more. Whatever still waits, waits
    /// for them again, and so do the views that show their outputs.
    pub fn run_again(&mut self, graph: &Graph, producers: &[TargetId]) {
        let is_done = |work: &Work, id| matches!(work.state(id), State::Done(_));
        let mut undone = Vec::new();
        for &producer in producers {
            if is_done(self, producer) {
                self.set(producer, State::Ready);
                self.ready.push(producer);
                undone.push(producer);
            }
        }
        while let Some(id) = undone.pop() {
            for &dependent in graph.dependents(id) {
                if let State::Waiting(count) = self.states[dependent.index()] {
                    self.set(dependent, State::Waiting(count + 1));
                } else if is_done(self, dependent) && !graph.node(dependent).has_action() {
                    self.set(dependent, State::Waiting(1));
                    undone.push(dependent);
                }
            }
        }
    }

    /// The only place that changes a state.
    pub fn set(&mut self, id: TargetId, state: State) {
        self.states[id.index()] = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::{graph_of, words};
    use crate::schedule::Origin;

    fn start(text: &str) -> (Graph, Work) {
        let graph = graph_of(&words(text)).unwrap();
        let work = Work::new(&graph);
        (graph, work)
    }

    fn nothing() -> Arc<Produced> {
        Arc::new(Produced {
            groups: Vec::new(),
            origin: Origin::Ran,
        })
    }

    fn names(graph: &Graph, ids: &[TargetId]) -> Vec<String> {
        let mut names: Vec<String> = ids
            .iter()
            .map(|id| graph.label(*id).name().to_string())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_target_becomes_ready_when_the_last_it_waits_for_is_done() {
        let (graph, mut work) = start("top a b\na\nb");
        let ready = work.take_ready();
        assert_eq!(names(&graph, &ready), ["a", "b"]);
        work.finish(&graph, ready[0], nothing());
        assert!(work.take_ready().is_empty());
        work.finish(&graph, ready[1], nothing());
        assert_eq!(names(&graph, &work.take_ready()), ["top"]);
    }

    #[test]
    fn a_failure_skips_everything_behind_it_and_nothing_else() {
        let (graph, mut work) = start("top mid other\nmid bad\nbad\nother");
        let ready = work.take_ready();
        let bad = ready
            .iter()
            .find(|id| graph.label(**id).name().as_str() == "bad")
            .unwrap();
        work.fail(&graph, *bad);
        let skipped: Vec<TargetId> = graph
            .order()
            .iter()
            .copied()
            .filter(|id| matches!(work.state(*id), State::Skipped))
            .collect();
        assert_eq!(names(&graph, &skipped), ["mid", "top"]);
    }

    #[test]
    fn a_lost_output_sends_its_producer_back_and_the_consumer_behind_it() {
        let (graph, mut work) = start("top mid base\nmid base\nbase");
        let base = work.take_ready()[0];
        work.finish(&graph, base, nothing());
        let mid = work.take_ready()[0];
        work.wait_again(&graph, mid, &[base]);
        assert_eq!(work.take_ready(), [base]);
        assert!(matches!(work.state(mid), State::Waiting(1)));
        work.finish(&graph, base, nothing());
        assert_eq!(work.take_ready(), [mid]);
        work.finish(&graph, mid, nothing());
        assert_eq!(names(&graph, &work.take_ready()), ["top"]);
    }
}
