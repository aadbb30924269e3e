//! Per target: the key it had last, and how it came to be up to date then.
//!
//! Format of `.kiln/state/memo`: a frame (see `sys::framed`) around entries
//! `label text, key 32 bytes, previous key 32 bytes, run 8 bytes, how 1 byte`,
//! sorted by label.

use std::collections::BTreeMap;
use std::path::Path;

use crate::key::ActionKey;
use crate::sys::framed::{Cursor, FrameKind, push_text};
use crate::sys::fs::FsResult;

const KIND: FrameKind = FrameKind {
    magic: *b"kilnmemo",
    version: 1,
};

/// Stands for "no previous key".
const NO_KEY: ActionKey = ActionKey([0; 32]);

/// How a target came to be up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its action ran.
    Ran,
    /// A store had the result.
    Found,
    /// Its action failed; there is no result under the key.
    Failed,
}

/// What is remembered of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoEntry {
    /// Its key.
    pub key: ActionKey,
    /// The key before that; `None` when it was new here.
    pub previous: Option<ActionKey>,
    /// The run in which it got this key or ran last.
    pub run: u64,
    /// What happened in that run.
    pub how: How,
}

/// All that is remembered, sorted by label.
#[derive(Debug, Clone, Default)]
pub struct Memo {
    entries: BTreeMap<Box<str>, MemoEntry>,
    changed: bool,
}

impl Memo {
    /// Reads the file; empty when it is not there or no good.
    #[must_use]
    pub fn read(path: &Path) -> Memo {
        let entries = KIND.read(path).and_then(|payload| decode(&payload));
        Memo {
            entries: entries.unwrap_or_default(),
            changed: false,
        }
    }

    /// What is remembered of a target.
    #[must_use]
    pub fn get(&self, label: &str) -> Option<&MemoEntry> {
        self.entries.get(label)
    }

    /// Remembers that in `run` a target was found or ran under `key`.
    pub fn note(&mut self, label: &str, key: ActionKey, run: u64, how: How) {
        let old = self.entries.get(label).copied();
        if how == How::Found && old.is_some_and(|old| old.key == key && old.how != How::Failed) {
            return;
        }
        let previous = match old {
            Some(old) if old.key == key => old.previous,
            Some(old) => Some(old.key),
            None => None,
        };
        self.entries.insert(
            label.into(),
            MemoEntry {
                key,
                previous,
                run,
                how,
            },
        );
        self.changed = true;
    }

    /// Writes the file when something changed since it was read.
    pub fn write(&self, path: &Path) -> FsResult<()> {
        if !self.changed {
            return Ok(());
        }
        let mut payload = Vec::with_capacity(self.entries.len() * 120);
        for (label, entry) in &self.entries {
            push_text(&mut payload, label);
            payload.extend_from_slice(&entry.key.0);
            payload.extend_from_slice(&entry.previous.unwrap_or(NO_KEY).0);
            payload.extend_from_slice(&entry.run.to_le_bytes());
            payload.push(match entry.how {
                How::Ran => 1,
                How::Found => 2,
                How::Failed => 3,
            });
        }
        KIND.write(path, &payload)
    }
}

fn decode(payload: &[u8]) -> Option<BTreeMap<Box<str>, MemoEntry>> {
    let mut cursor = Cursor::new(payload);
    let mut entries = Vec::new();
    while !cursor.is_at_end() {
        let label: Box<str> = cursor.text()?.into();
        let key = ActionKey(cursor.array()?);
        let previous = Some(ActionKey(cursor.array()?)).filter(|key| *key != NO_KEY);
        let run = cursor.u64()?;
        let how = match cursor.array()? {
            [1] => How::Ran,
            [2] => How::Found,
            [3] => How::Failed,
            _ => return None,
        };
        entries.push((
            label,
            MemoEntry {
                key,
                previous,
                run,
                how,
            },
        ));
    }
    // Collecting sorted entries builds the tree in one pass.
    Some(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ActionKey {
        ActionKey([byte; 32])
    }

    #[test]
    fn entries_survive_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("memo");
        let mut memo = Memo::default();
        memo.note("//a:b", key(1), 1, How::Ran);
        memo.note("//a:b", key(2), 2, How::Ran);
        memo.note("//a:c", key(3), 2, How::Found);
        memo.write(&path).unwrap();
        let again = Memo::read(&path);
        assert_eq!(again.entries, memo.entries);
        let expected = MemoEntry {
            key: key(2),
            previous: Some(key(1)),
            run: 2,
            how: How::Ran,
        };
        assert_eq!(again.get("//a:b"), Some(&expected));
    }

    #[test]
    fn a_hit_on_the_same_key_changes_nothing() {
        let mut memo = Memo::default();
        memo.note("//a:b", key(1), 1, How::Ran);
        memo.changed = false;
        memo.note("//a:b", key(1), 7, How::Found);
        assert!(!memo.changed);
        assert_eq!(memo.get("//a:b").unwrap().run, 1);
    }

    #[test]
    fn a_forced_run_keeps_the_key_before() {
        let mut memo = Memo::default();
        memo.note("//a:b", key(1), 1, How::Ran);
        memo.note("//a:b", key(2), 2, How::Ran);
        memo.note("//a:b", key(2), 3, How::Ran);
        let entry = memo.get("//a:b").unwrap();
        assert_eq!((entry.previous, entry.run), (Some(key(1)), 3));
    }
}
