//! The canonical listing of an output group: what it holds, where, and the one
//! digest that identifies all of it.
//!
//! Paths are relative to the workspace root, the place that an action sees as
//! `/kiln/ws`. A listing is immutable and always well formed: sorted, each path
//! once, nothing below a file or link, links that stay inside.

use kiln_plugin_abi::{Digest, WorkspacePath};

use super::flat;
use super::link::{LinkError, link_destination};
use super::tree::{MOST_ENTRIES, Tree};
use super::unfold;

/// Longest path, in bytes.
const LONGEST_PATH: usize = 4096;

/// Longest name, in bytes.
const LONGEST_NAME: usize = 255;

/// What lies at a path of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Entry {
    /// A regular file.
    File {
        /// Of its content.
        digest: Digest,
        /// Its exec bit.
        executable: bool,
    },
    /// A symbolic link.
    Link {
        /// The link's text.
        target: Box<str>,
    },
    /// A directory that holds nothing. Others are implied by what they hold.
    Directory,
}

/// Why some entries are no listing, or some bytes no encoded one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// Two different things at one path, or something below a file or link.
    #[error("two different things are at {path}")]
    Conflict {
        /// The path.
        path: WorkspacePath,
    },
    /// An empty path, one over 4,096 bytes, or a name over 255 bytes.
    #[error("{path} is no valid path in a listing")]
    Path {
        /// The path.
        path: WorkspacePath,
    },
    /// A link that may not be.
    #[error("the link {path} -> {target} {reason}")]
    Link {
        /// Where the link is.
        path: WorkspacePath,
        /// Its text.
        target: Box<str>,
        /// What is wrong with it.
        reason: LinkError,
    },
    /// More entries than any listing may have.
    #[error("more than {} entries", MOST_ENTRIES)]
    TooMany,
    /// Bytes that are not what encoding a listing gives.
    #[error("not an encoded listing: {reason}")]
    Malformed {
        /// What is wrong with them.
        reason: &'static str,
    },
}

/// The contents of an output group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    entries: Vec<(WorkspacePath, Entry)>,
    digest: Digest,
}

impl Listing {
    /// Makes a listing of `entries` in any order. Equal ones at one path count
    /// once; a directory that holds something need not be given.
    pub fn new(entries: Vec<(WorkspacePath, Entry)>) -> Result<Listing, ListingError> {
        Listing::with_tree(entries).map(|(listing, _)| listing)
    }

    fn with_tree(
        mut entries: Vec<(WorkspacePath, Entry)>,
    ) -> Result<(Listing, Tree), ListingError> {
        if entries.len() > MOST_ENTRIES {
            return Err(ListingError::TooMany);
        }
        for (path, entry) in &entries {
            check_entry(path, entry)?;
        }
        if !entries.is_sorted_by(|one, next| one.0 < next.0) {
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            entries.dedup();
        }
        drop_implied_directories(&mut entries);
        let tree = Tree::of(&entries)?;
        let digest = tree.digest();
        Ok((Listing { entries, digest }, tree))
    }

    /// The listing of a single file.
    pub fn of_file(
        path: WorkspacePath,
        digest: Digest,
        executable: bool,
    ) -> Result<Listing, ListingError> {
        Listing::new(vec![(path, Entry::File { digest, executable })])
    }

    /// The listing's identity: the digest of its root as a REAPI `Directory`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// All entries, sorted by path (bytewise).
    #[must_use]
    pub fn entries(&self) -> &[(WorkspacePath, Entry)] {
        &self.entries
    }

    /// What lies at `path`; a directory that holds something has no entry.
    #[must_use]
    pub fn get(&self, path: &WorkspacePath) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|(other, _)| other.cmp(path));
        found.ok().map(|index| &self.entries[index].1)
    }

    /// The entries below the directory at `path`, itself left out.
    #[must_use]
    pub fn below(&self, path: &WorkspacePath) -> &[(WorkspacePath, Entry)] {
        below(&self.entries, path)
    }

    /// The files: path, digest, exec bit.
    pub fn files(&self) -> impl Iterator<Item = (&WorkspacePath, Digest, bool)> {
        self.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::File { digest, executable } => Some((path, *digest, *executable)),
            Entry::Link { .. } | Entry::Directory => None,
        })
    }

    /// Sum of the lengths of all files, in bytes.
    #[must_use]
    pub fn total_size(&self) -> u64 {
        self.files()
            .fold(0, |sum, (_, digest, _)| sum.saturating_add(digest.size()))
    }

    /// The listing as one record, a REAPI `Tree`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        Tree::of(&self.entries)
            .expect("the tree of a listing was made before, by `new`")
            .encode()
    }

    /// Reads a record. Accepts exactly what [`Listing::encode`] makes.
    pub fn decode(record: &[u8]) -> Result<Listing, ListingError> {
        let (listing, tree) = Listing::with_tree(unfold::decode(record)?)?;
        if tree.encode() != record {
            return Err(ListingError::Malformed {
                reason: "not in canonical form",
            });
        }
        Ok(listing)
    }

    /// The listing as a record that is cheap to read. It does not prove its
    /// identity: keep the digest beside it, and both under a checksum.
    #[must_use]
    pub fn encode_flat(&self) -> Vec<u8> {
        flat::encode(&self.entries)
    }

    /// Reads a record of [`Listing::encode_flat`] that was kept with `digest`.
    pub fn decode_flat(record: bytes::Bytes, digest: Digest) -> Result<Listing, ListingError> {
        let entries = flat::decode(record)?;
        for (path, entry) in &entries {
            check_entry(path, entry)?;
        }
        Ok(Listing { entries, digest })
    }
}

fn check_entry(path: &WorkspacePath, entry: &Entry) -> Result<(), ListingError> {
    let text = path.as_str();
    let sound = !text.is_empty()
        && text.len() <= LONGEST_PATH
        && (text.len() <= LONGEST_NAME || text.split('/').all(|name| name.len() <= LONGEST_NAME));
    if !sound {
        return Err(ListingError::Path { path: path.clone() });
    }
    if let Entry::Link { target } = entry {
        link_destination(path, target).map_err(|reason| ListingError::Link {
            path: path.clone(),
            target: target.clone(),
            reason,
        })?;
    }
    Ok(())
}

fn below<'a>(
    entries: &'a [(WorkspacePath, Entry)],
    directory: &WorkspacePath,
) -> &'a [(WorkspacePath, Entry)] {
    if directory.as_str().is_empty() {
        return entries;
    }
    let first = directory.as_str().bytes().chain([b'/']);
    let start = entries.partition_point(|(path, _)| path.as_str().bytes().lt(first.clone()));
    let length =
        entries[start..].partition_point(|(path, _)| path.below(directory.as_str()).is_some());
    &entries[start..start + length]
}

/// Removes the directories of sorted `entries` that hold something.
fn drop_implied_directories(entries: &mut Vec<(WorkspacePath, Entry)>) {
    let implied: Vec<usize> = entries
        .iter()
        .enumerate()
        .filter(|(index, (path, entry))| {
            *entry == Entry::Directory && !below(&entries[index + 1..], path).is_empty()
        })
        .map(|(index, _)| index)
        .collect();
    let mut implied = implied.into_iter().peekable();
    let mut index = 0;
    if implied.peek().is_some() {
        entries.retain(|_| {
            index += 1;
            implied.next_if_eq(&(index - 1)).is_none()
        });
    }
}

#[cfg(test)]
mod tests;
