//! The canonical tar of a listing: one sequence of bytes for one tree, readable
//! by every tar program.
//!
//! Members are sorted bytewise by path, all directories included, with uid and
//! gid 0, one constant mtime, modes 0644 and 0755, and PAX records only for what
//! ustar cannot say. The reader accepts what the writer makes and nothing else;
//! it hands out bytes and never touches a file system.

mod header;
mod reader;
mod writer;

use std::io;

use kiln_plugin_abi::WorkspacePath;

use super::listing::{Entry, Listing, ListingError};

pub use reader::{Sink, read};
pub use writer::{ContentSource, write};

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The bytes are not a canonical archive.
    #[error("not a canonical archive: {reason} (at byte {offset})")]
    Malformed {
        /// What is wrong.
        reason: &'static str,
        /// About where, in bytes from the start.
        offset: u64,
    },
    /// The members make no listing.
    #[error("not a canonical archive: {0}")]
    Listing(#[from] ListingError),
    /// A source gave other bytes than the listing names.
    #[error("the content of {path} is not what its digest says")]
    WrongContent {
        /// The file in the listing.
        path: WorkspacePath,
    },
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The file in the listing; the root when it is the archive itself.
        path: WorkspacePath,
        /// The operating system's answer.
        source: io::Error,
    },
}

/// Paths and kinds of all members of a listing's archive, in order. `None` is a
/// directory, implied or empty.
fn members(listing: &Listing) -> Vec<(&str, Option<&Entry>)> {
    let mut members = Vec::with_capacity(listing.entries().len());
    let mut previous = "";
    for (path, entry) in listing.entries() {
        let path = path.as_str();
        members.extend(
            path.match_indices('/')
                .map(|(end, _)| &path[..end])
                .filter(|directory| !lies_below(previous, directory))
                .map(|directory| (directory, None)),
        );
        members.push((
            path,
            Some(entry).filter(|entry| **entry != Entry::Directory),
        ));
        previous = path;
    }
    members.sort_unstable_by_key(|(path, _)| *path);
    members
}

fn lies_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
