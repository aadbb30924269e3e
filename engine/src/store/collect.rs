//! Throwing away: what is oldest goes first, until the store is small enough,
//! and nothing goes that a living run needs.
//!
//! Results are kept from the last used to the first, as long as they and the
//! contents that they share fit; then contents that no kept result needs go.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use bytes::Bytes;
use kiln_plugin_abi::Digest;
use rusqlite::Connection;

use super::age::StoreTime;
use super::contents::{Contents, LARGEST_SMALL};
use super::index::{Index, Write};
use super::layout::{Layout, Place};
use super::record::{ActionResult, parts_elsewhere};
use super::runs::LivingRun;
use super::seal;
use crate::key::ActionKey;
use crate::sys::fs::{self, FsResult};
use crate::sys::stat::status_of;

/// What a store may grow to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest size in bytes.
    pub max_size: u64,
    /// Longest time without use, in hours in which the store was used; see
    /// [`StoreTime`].
    pub max_age: u32,
}

impl Limits {
    /// The size that collecting brings the store down to: some room is left, so
    /// that the next run need not collect again.
    fn target(&self) -> u64 {
        self.max_size - self.max_size / 10
    }
}

/// What was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Collected {
    /// Results.
    pub results: u64,
    /// Contents, large and small.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that are left.
    pub bytes_left: u64,
}

/// A content as it counts here: digest and, for large ones, the exec bit.
type ContentId = (Digest, bool);

/// One collection over a store.
pub(super) struct Collector<'a> {
    pub(super) layout: &'a Layout,
    pub(super) index: &'a Index,
    pub(super) contents: &'a Contents,
    pub(super) limits: Limits,
    pub(super) now: StoreTime,
}

/// A stored result as far as collecting cares.
struct Candidate {
    key: ActionKey,
    used: StoreTime,
    bytes: u64,
    needs: Vec<ContentId>,
}

impl Collector<'_> {
    /// Collects. `living` tells the other runs that live, and is asked again
    /// before contents go: a run that found a result in the meantime says so in
    /// its lease before it relies on it.
    pub(super) fn run(&self, living: &dyn Fn() -> FsResult<Vec<LivingRun>>) -> FsResult<Collected> {
        self.index.flush();
        let mut collected = Collected::default();
        let leased = leased_keys(&living()?);
        let candidates = self.candidates();
        let (mut kept, evicted) = self.divide(candidates, &leased);
        for candidate in &evicted {
            self.index.write(Write::Forget(candidate.key));
            collected.results += 1;
        }
        let oldest = StoreTime(self.now.0.saturating_sub(self.limits.max_age));
        self.index.write(Write::DropDurations { before: oldest });
        self.index.flush();

        let living = living()?;
        let leased = leased_keys(&living);
        let needed_after_all = evicted
            .iter()
            .filter(|candidate| leased.contains(&candidate.key));
        kept.contents
            .extend(needed_after_all.flat_map(|candidate| candidate.needs.iter().copied()));
        let small = self.sweep_small(&kept.contents, !living.is_empty(), &mut collected);
        let began = living.iter().map(|run| run.began_ns).min();
        let large = self.sweep_large(&kept.contents, began, &mut collected)?;
        collected.bytes_left = kept.record_bytes + small + large;
        self.index.write(Write::TotalBytes(collected.bytes_left));
        self.index.write(Write::Shrink);
        self.index.flush();
        Ok(collected)
    }

    /// All results, the last used first. A record that cannot be read needs
    /// nothing and is as old as can be.
    fn candidates(&self) -> Vec<Candidate> {
        let rows = self.index.read(read_results).unwrap_or_default();
        let mut candidates: Vec<Candidate> = rows
            .into_iter()
            .map(|(key, used, record, manifest_bytes)| {
                let bytes = record.len() as u64 + manifest_bytes;
                let needs = self.needs(key, record);
                Candidate {
                    key,
                    used: if needs.is_some() { used } else { StoreTime(0) },
                    bytes,
                    needs: needs.unwrap_or_default(),
                }
            })
            .collect();
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.used));
        candidates
    }

    fn needs(&self, key: ActionKey, record: Bytes) -> Option<Vec<ContentId>> {
        let payload = seal::open(&key.0, record)?;
        let mut needs: Vec<ContentId> = parts_elsewhere(payload.clone())
            .into_iter()
            .map(|digest| (digest, false))
            .collect();
        let fetch = |digest: &Digest| self.contents.read_part(digest).ok();
        let result = ActionResult::decode(payload, &fetch)?;
        needs.extend(result.contents());
        for (digest, executable) in &mut needs {
            *executable &= digest.size() > LARGEST_SMALL;
        }
        Some(needs)
    }

    /// Divides results into those that fit and those that go.
    fn divide(
        &self,
        candidates: Vec<Candidate>,
        leased: &HashSet<ActionKey>,
    ) -> (Kept, Vec<Candidate>) {
        let oldest = self.now.0.saturating_sub(self.limits.max_age);
        let mut kept = Kept::default();
        let mut evicted = Vec::new();
        for candidate in candidates {
            let wanted = leased.contains(&candidate.key);
            let fits =
                candidate.used.0 >= oldest && kept.size_with(&candidate) <= self.limits.target();
            if wanted || fits {
                kept.add(candidate);
            } else {
                evicted.push(candidate);
            }
        }
        (kept, evicted)
    }

    /// Drops small contents that nobody needs, and answers the bytes of the
    /// others. While other runs live, what came in this hour stays: its result
    /// may not be published yet.
    fn sweep_small(
        &self,
        needed: &HashSet<ContentId>,
        others_live: bool,
        collected: &mut Collected,
    ) -> u64 {
        let mut left = 0;
        for (digest, used) in self.index.read(read_contents).unwrap_or_default() {
            let fresh = others_live && used >= self.now;
            if fresh || needed.contains(&(digest, false)) {
                left += digest.size();
            } else {
                self.index.write(Write::DropContent(digest));
                collected.contents += 1;
                collected.bytes += digest.size();
            }
        }
        left
    }

    /// Removes blobs that nobody needs, and answers the bytes of the others.
    /// `began` is when the oldest of the other living runs began: what was
    /// touched since then stays.
    fn sweep_large(
        &self,
        needed: &HashSet<ContentId>,
        began: Option<i64>,
        collected: &mut Collected,
    ) -> FsResult<u64> {
        let needed: HashSet<PathBuf> = needed
            .iter()
            .filter(|(digest, _)| digest.size() > LARGEST_SMALL)
            .map(|(digest, executable)| self.layout.blob(digest, *executable))
            .collect();
        let mut left = 0;
        for directory in fs::read_dir(&self.layout.path(Place::Blobs))? {
            for entry in fs::read_dir(&directory.path())? {
                let path = entry.path();
                // Another process may remove it at the same time.
                let Ok(status) = status_of(&path) else {
                    continue;
                };
                let fresh = began.is_some_and(|began| status.stat.ctime_ns >= began);
                if fresh || needed.contains(&path) {
                    left += status.stat.size;
                } else {
                    fs::remove_file(&path)?;
                    collected.contents += 1;
                    collected.bytes += status.stat.size;
                }
            }
        }
        Ok(left)
    }
}

/// The results that stay, and all they need.
#[derive(Default)]
struct Kept {
    contents: HashSet<ContentId>,
    content_bytes: u64,
    record_bytes: u64,
}

impl Kept {
    fn size_with(&self, candidate: &Candidate) -> u64 {
        let more: HashMap<ContentId, u64> = candidate
            .needs
            .iter()
            .filter(|id| !self.contents.contains(id))
            .map(|id| (*id, id.0.size()))
            .collect();
        self.record_bytes + self.content_bytes + candidate.bytes + more.values().sum::<u64>()
    }

    fn add(&mut self, candidate: Candidate) {
        self.record_bytes += candidate.bytes;
        for id in candidate.needs {
            if self.contents.insert(id) {
                self.content_bytes += id.0.size();
            }
        }
    }
}

fn leased_keys(living: &[LivingRun]) -> HashSet<ActionKey> {
    living
        .iter()
        .flat_map(|run| run.keys.iter().copied())
        .collect()
}

fn read_results(
    connection: &Connection,
) -> rusqlite::Result<Vec<(ActionKey, StoreTime, Bytes, u64)>> {
    let sql = "SELECT results.key, used, results.record, coalesce(length(manifests.record), 0) \
               FROM results LEFT JOIN manifests ON manifests.key = results.key";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let record = Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?);
        let manifest_bytes: i64 = row.get(3)?;
        let used = StoreTime(row.get(1)?);
        Ok((
            ActionKey(row.get(0)?),
            used,
            record,
            manifest_bytes.cast_unsigned(),
        ))
    })?;
    rows.collect()
}

fn read_contents(connection: &Connection) -> rusqlite::Result<Vec<(Digest, StoreTime)>> {
    let mut statement = connection.prepare("SELECT sha256, length(bytes), used FROM contents")?;
    let rows = statement.query_map([], |row| {
        let size: i64 = row.get(1)?;
        Ok((
            Digest::new(row.get(0)?, size.cast_unsigned()),
            StoreTime(row.get(2)?),
        ))
    })?;
    rows.collect()
}
