//! A listing as the local store keeps it: a plain list, which costs no hashing
//! to read. That it belongs to its digest is for whoever keeps it to guarantee.

use kiln_plugin_abi::{Digest, WorkspacePath};
use kiln_proto::listing as proto;
use kiln_proto::listing::flat_entry::Kind;
use prost::Message;

use super::listing::{Entry, ListingError};

/// The record of sorted entries.
pub(super) fn encode(entries: &[(WorkspacePath, Entry)]) -> Vec<u8> {
    let entries = entries.iter().map(|(path, entry)| {
        let message = proto::FlatEntry {
            path: path.as_str().to_owned(),
            ..proto::FlatEntry::default()
        };
        match entry {
            Entry::File { digest, executable } => proto::FlatEntry {
                kind: if *executable {
                    Kind::Executable
                } else {
                    Kind::File
                }
                .into(),
                sha256: digest.sha256().to_vec().into(),
                size: digest.size(),
                ..message
            },
            Entry::Link { target } => proto::FlatEntry {
                kind: Kind::Link.into(),
                target: target.to_string(),
                ..message
            },
            Entry::Directory => proto::FlatEntry {
                kind: Kind::Directory.into(),
                ..message
            },
        }
    });
    proto::Flat {
        entries: entries.collect(),
    }
    .encode_to_vec()
}

/// The entries of a record, which must be sorted, each path once.
pub(super) fn decode(record: bytes::Bytes) -> Result<Vec<(WorkspacePath, Entry)>, ListingError> {
    let message = proto::Flat::decode(record).map_err(|_| malformed("not a flat listing"))?;
    let entries = message
        .entries
        .into_iter()
        .map(|entry| {
            let path = WorkspacePath::from_normalised(&entry.path)
                .ok_or_else(|| malformed("a path is not allowed"))?;
            Ok((path, read_entry(entry)?))
        })
        .collect::<Result<Vec<_>, ListingError>>()?;
    if !entries.is_sorted_by(|one, next| one.0 < next.0) {
        return Err(malformed("entries are not sorted"));
    }
    Ok(entries)
}

fn read_entry(entry: proto::FlatEntry) -> Result<Entry, ListingError> {
    let kind = Kind::try_from(entry.kind).map_err(|_| malformed("a kind is not known"))?;
    Ok(match kind {
        Kind::File | Kind::Executable => {
            let sha256 = entry.sha256.as_ref().try_into();
            let sha256 = sha256.map_err(|_| malformed("a digest is not valid"))?;
            Entry::File {
                digest: Digest::new(sha256, entry.size),
                executable: kind == Kind::Executable,
            }
        }
        Kind::Link => Entry::Link {
            target: entry.target.into(),
        },
        Kind::Directory => Entry::Directory,
    })
}

fn malformed(reason: &'static str) -> ListingError {
    ListingError::Malformed { reason }
}
