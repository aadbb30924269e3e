//! Asks the store for results, in as few questions as possible.

use std::collections::HashMap;
use std::sync::Arc;

use crate::graph::Graph;
use crate::history::Memo;
use crate::key::ActionKey;
use crate::store::{ActionResult, Store};

/// Results by key: those that the last run's keys predict, fetched in one
/// batch, and whatever else is asked for.
#[derive(Debug)]
pub struct Lookup {
    store: Arc<Store>,
    predicted: HashMap<ActionKey, Option<Arc<ActionResult>>>,
}

impl Lookup {
    /// Fetches what the memory of earlier runs predicts for `graph`. A
    /// prediction is used only where the key computed later is equal.
    #[must_use]
    pub fn predict(store: Arc<Store>, graph: &Graph, memo: &Memo) -> Lookup {
        let mut keys: Vec<ActionKey> = graph
            .order()
            .iter()
            .filter(|id| graph.node(**id).has_action())
            .filter_map(|id| memo.get(&graph.label(*id).to_string()))
            .map(|entry| entry.key)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let results = store.results(&keys);
        Lookup {
            predicted: keys.into_iter().zip(results).collect(),
            store,
        }
    }

    /// The results of `keys`, in their order.
    pub fn results(&mut self, keys: &[ActionKey]) -> Vec<Option<Arc<ActionResult>>> {
        let unknown: Vec<ActionKey> = keys
            .iter()
            .filter(|key| !self.predicted.contains_key(key))
            .copied()
            .collect();
        if !unknown.is_empty() {
            let found = self.store.results(&unknown);
            self.predicted.extend(unknown.into_iter().zip(found));
        }
        keys.iter().map(|key| self.predicted[key].clone()).collect()
    }

    /// Forgets a result that turned out to be useless.
    pub fn forget(&mut self, key: ActionKey) {
        self.predicted.insert(key, None);
    }
}
