//! What can be asked of a run: outputs, keys, reasons, and how it failed.

use std::sync::Arc;

use kiln_plugin_abi::{Diagnostic, Label};

use super::produced::Produced;
use super::resolve::Resolver;
use super::run::Run;
use crate::execute::ResolvedGroup;
use crate::execute::{Contents, RunSource};
use crate::failure::{Failure, FailureKind};
use crate::graph::{FileId, TargetId};
use crate::history::Memo;
use crate::key::ActionKey;

impl Run {
    /// The outputs of a target that is up to date.
    #[must_use]
    pub fn produced(&self, id: TargetId) -> Option<&Arc<Produced>> {
        self.work.produced(id)
    }

    /// A source file of this run.
    #[must_use]
    pub fn source(&self, file: FileId) -> &RunSource {
        &self.world.sources[file.index()]
    }

    /// The key of a target with an action, once its inputs are known.
    #[must_use]
    pub fn key(&self, id: TargetId) -> Option<ActionKey> {
        self.keys.get(&id).copied()
    }

    /// Why a target has to run; `None` when it need not, or is not reached.
    #[must_use]
    pub fn reason_of(&self, id: TargetId) -> Option<&str> {
        self.reasons.get(&id).map(String::as_str)
    }

    /// The facts that the host's part of every key was made of.
    #[must_use]
    pub fn base_facts(&self) -> &[String] {
        &self.world.base.facts
    }

    /// The inputs of a target with their identities, once they are all known.
    #[must_use]
    pub fn resolved_inputs(&self, id: TargetId) -> Option<Vec<ResolvedGroup>> {
        let node = self.graph.node(id);
        let known = node
            .waits_for
            .iter()
            .all(|on| self.work.produced(*on).is_some());
        let resolver = Resolver {
            graph: &self.graph,
            world: &self.world,
            work: &self.work,
        };
        known.then(|| resolver.inputs(node))
    }

    /// What this run leaves for the next.
    #[must_use]
    pub fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Records a failure that is no single target's.
    pub fn fail_request(&mut self, failure: Failure) {
        for diagnostic in failure.diagnostics {
            self.report(failure.kind, diagnostic);
        }
    }

    /// The contents of this run.
    #[must_use]
    pub fn contents(&self) -> &Arc<Contents> {
        &self.contents
    }

    /// Why the run did not bring everything up to date; `None` when it did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        if self.context.cancel.is_cancelled() {
            let diagnostic = Diagnostic::error("the build was interrupted");
            return Some(Failure::new(FailureKind::Interrupted, diagnostic));
        }
        let kinds = self.tally.failures.iter().map(|(kind, _)| *kind);
        let kind = kinds.max()?;
        let diagnostics = self
            .tally
            .failures
            .iter()
            .map(|(_, diagnostic)| diagnostic.clone());
        Some(Failure {
            kind,
            diagnostics: diagnostics.collect(),
        })
    }

    /// What would run, with the reason of each, in the order of the graph.
    #[must_use]
    pub fn would_run(&self) -> Vec<(Label, String)> {
        let mut would_run = Vec::new();
        for &id in self.graph.order() {
            let node = self.graph.node(id);
            if !node.has_action() || self.work.produced(id).is_some() {
                continue;
            }
            let waits = || {
                let on = node
                    .waits_for
                    .iter()
                    .find(|on| self.work.produced(**on).is_none());
                on.map(|on| format!("it depends on {}", self.graph.label(*on)))
            };
            let reason = self
                .reasons
                .get(&id)
                .cloned()
                .or_else(waits)
                .unwrap_or_default();
            would_run.push((node.target.label.clone(), reason));
        }
        would_run
    }
}
