//! Why a target is not up to date, in one line.

use crate::history::{How, Memo};
use crate::key::{ActionKey, Manifest, first_change};
use crate::store::Store;

/// What is known of a target that has to run.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// The target's name.
    pub label: &'a str,
    /// Its key now.
    pub key: ActionKey,
    /// What the key is made of.
    pub manifest: &'a Manifest,
    /// What earlier runs left.
    pub memo: &'a Memo,
    /// Where old manifests are found.
    pub store: &'a Store,
}

impl Explanation<'_> {
    /// The reason of a target that no earlier run knows.
    pub const NEW: &'static str = "it has not been built in this workspace before";

    /// The first change since the target was last up to date here.
    #[must_use]
    pub fn reason(&self) -> String {
        let Some(entry) = self.memo.get(self.label) else {
            return Explanation::NEW.to_owned();
        };
        if entry.key == self.key {
            return match entry.how {
                How::Failed => "it failed the last time".to_owned(),
                How::Ran | How::Found => "its result is no longer in the store".to_owned(),
            };
        }
        let old = self
            .store
            .manifest(&entry.key)
            .and_then(|bytes| Manifest::decode(&bytes));
        let Some(old) = old else {
            return "something changed, and what it was before is no longer known".to_owned();
        };
        match first_change(&old, self.manifest) {
            Some(change) => change.line,
            None => "its key is computed differently by this version".to_owned(),
        }
    }
}
