//! What was handed to the writer and is not in the database yet, so that this
//! process finds at once what it has stored.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use kiln_plugin_abi::Digest;

use crate::key::ActionKey;

/// Contents and records that wait to be written. When writing fails for good
/// they stay, and serve this process to its end.
#[derive(Debug, Default)]
pub(in crate::store) struct Pending {
    pub(in crate::store) contents: Waiting<Digest>,
    pub(in crate::store) results: Waiting<ActionKey>,
    pub(in crate::store) manifests: Waiting<ActionKey>,
}

/// Waiting values by their key. The same key may wait more than once.
#[derive(Debug)]
pub(in crate::store) struct Waiting<K>(Mutex<HashMap<K, (Bytes, usize)>>);

impl<K> Default for Waiting<K> {
    fn default() -> Self {
        Waiting(Mutex::default())
    }
}

impl<K: Hash + Eq> Waiting<K> {
    /// The value that was added last.
    pub(in crate::store) fn get(&self, key: &K) -> Option<Bytes> {
        self.lock().get(key).map(|(bytes, _)| bytes.clone())
    }

    pub(in crate::store) fn contains(&self, key: &K) -> bool {
        self.lock().contains_key(key)
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    pub(in crate::store) fn add(&self, key: K, bytes: Bytes) {
        let mut waiting = self.lock();
        let entry = waiting.entry(key).or_insert_with(|| (Bytes::new(), 0));
        *entry = (bytes, entry.1 + 1);
    }

    /// Nothing that was added under `key` is wanted any more.
    pub(in crate::store) fn forget(&self, key: &K) {
        self.lock().remove(key);
    }

    /// One of the values added under `key` has been written, or given up.
    pub(super) fn done(&self, key: &K) {
        let mut waiting = self.lock();
        if let Some(entry) = waiting.get_mut(key) {
            entry.1 -= 1;
            if entry.1 == 0 {
                waiting.remove(key);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, (Bytes, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
