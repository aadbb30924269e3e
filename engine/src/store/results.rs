//! Results and manifests by action key.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rayon::prelude::*;

use super::age::StoreTime;
use super::contents::Contents;
use super::index::{Index, Write};
use super::record::ActionResult;
use super::seal;
use super::select::select;
use crate::key::ActionKey;

/// Fewest records that are worth handing to another thread.
const BATCH: usize = 64;

/// The results of a store.
#[derive(Debug)]
pub(super) struct Results {
    index: Arc<Index>,
    contents: Arc<Contents>,
    now: StoreTime,
    /// Found results whose last use is not noted for this hour.
    stale: Mutex<HashSet<ActionKey>>,
}

impl Results {
    pub(super) fn new(index: Arc<Index>, contents: Arc<Contents>, now: StoreTime) -> Results {
        Results {
            index,
            contents,
            now,
            stale: Mutex::default(),
        }
    }

    /// The results of `keys`, in their order. A record that is damaged, or whose
    /// listing is lost, is no result.
    pub(super) fn get(&self, keys: &[ActionKey]) -> Vec<Option<Arc<ActionResult>>> {
        let records = self.records(keys);
        let fetch = |digest: &_| self.contents.read_part(digest).ok();
        let results: Vec<Option<Arc<ActionResult>>> = keys
            .par_iter()
            .with_min_len(BATCH)
            .map(|key| {
                let payload = seal::open(&key.0, records.get(key)?.clone())?;
                ActionResult::decode(payload, &fetch).map(Arc::new)
            })
            .collect();
        results
    }

    /// Hands a result to the writer, everything that it needs first.
    pub(super) fn put(&self, key: ActionKey, result: &ActionResult, manifest: &[u8]) -> bool {
        let encoded = result.encode();
        for part in encoded.contents {
            if self.contents.put_bytes(part, false).is_err() {
                return false;
            }
        }
        let record = Bytes::from(seal::seal(&key.0, &encoded.payload));
        let manifest = Bytes::from(seal::seal(&key.0, manifest));
        let pending = self.index.pending();
        pending.results.add(key, record.clone());
        pending.manifests.add(key, manifest.clone());
        self.index.write(Write::Result {
            key,
            record,
            manifest,
            used: self.now,
        })
    }

    pub(super) fn forget(&self, key: ActionKey) {
        self.index.pending().results.forget(&key);
        self.index.pending().manifests.forget(&key);
        self.index.write(Write::Forget(key));
        // Until then a result that is in the database would still be found.
        self.index.flush();
    }

    pub(super) fn manifest(&self, key: ActionKey) -> Option<Bytes> {
        let waiting = self.index.pending().manifests.get(&key);
        let record = waiting.or_else(|| {
            let read = self.index.read(|connection| {
                let sql = "SELECT record FROM manifests WHERE key = ?1";
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query([key.0])?;
                rows.next()?
                    .map(|row| Ok(Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?)))
                    .transpose()
            });
            read.flatten()
        })?;
        seal::open(&key.0, record)
    }

    /// Notes the uses of this run.
    pub(super) fn note_uses(&self) {
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if !stale.is_empty() {
            let keys = std::mem::take(&mut *stale).into_iter().collect();
            self.index.write(Write::Touch(keys, self.now));
        }
    }

    /// The sealed records of `keys`. Read raw here, decoded by the caller
    /// without holding the connection.
    fn records(&self, keys: &[ActionKey]) -> HashMap<ActionKey, Bytes> {
        let mut records = HashMap::with_capacity(keys.len());
        let mut unknown: Vec<&[u8]> = Vec::with_capacity(keys.len());
        let pending = &self.index.pending().results;
        let nothing_waits = pending.is_empty();
        for key in keys {
            match (!nothing_waits).then(|| pending.get(key)).flatten() {
                Some(record) => {
                    records.insert(*key, record);
                }
                None => unknown.push(&key.0),
            }
        }
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT key, used, record FROM results WHERE key IN";
        self.index.read(|connection| {
            select(connection, sql, &unknown, |row| {
                let key = ActionKey(row.get(0)?);
                if row.get::<_, u32>(1)? < self.now.0 {
                    stale.insert(key);
                }
                let record = Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?);
                records.insert(key, record);
                Ok(())
            })
        });
        records
    }
}
