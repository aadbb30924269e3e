//! What is remembered of an action that succeeded.
//!
//! Listings and logs travel in the record itself, so that one look-up is
//! enough; those that are large are contents of their own.

use std::sync::Arc;

use bytes::Bytes;
use kiln_plugin_abi::{Digest, GroupName};
use kiln_proto::store as proto;
use prost::Message;

use super::log::{LogRecord, StoredLog};
use crate::artifact::Listing;
use crate::events::Usage;

/// Longest part that a record holds itself, in bytes.
const LARGEST_INLINE: usize = 64 * 1024;

/// The outcome of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct ActionResult {
    /// Output groups in the order of their declaration.
    pub outputs: Vec<(Option<GroupName>, Arc<Listing>)>,
    /// What it wrote; `None` when that was nothing.
    pub log: Option<StoredLog>,
    /// What it took.
    pub usage: Usage,
    /// Its exit code.
    pub exit_code: i32,
    /// When it ended, in seconds since the Unix epoch. For people only.
    pub created: u64,
}

/// A result in its stored form.
pub(super) struct Encoded {
    pub(super) payload: Vec<u8>,
    /// Parts that are too large for the payload, to be stored before it.
    pub(super) contents: Vec<Bytes>,
}

impl ActionResult {
    pub(super) fn encode(&self) -> Encoded {
        let mut contents = Vec::new();
        let outputs = self
            .outputs
            .iter()
            .map(|(group, listing)| proto::Output {
                group: group.as_ref().map_or("", GroupName::as_str).to_owned(),
                listing: Some(message(&listing.digest())),
                flat: Some(part(listing.encode_flat(), &mut contents)),
            })
            .collect();
        let log = self.log.as_ref().map(|log| match log {
            StoredLog::Here(log) => part(log.encode(), &mut contents),
            StoredLog::Elsewhere(digest) => elsewhere(digest),
        });
        let payload = proto::ActionResult {
            outputs,
            log,
            usage: Some(proto::Usage {
                wall_ms: self.usage.wall_ms,
                user_ms: self.usage.user_ms,
                sys_ms: self.usage.sys_ms,
                max_rss: self.usage.max_rss,
            }),
            exit_code: self.exit_code,
            created: self.created,
        }
        .encode_to_vec();
        Encoded { payload, contents }
    }

    /// Reads a stored result. `fetch` finds contents; a result with a listing
    /// that is not there any more is no result.
    pub(super) fn decode(
        payload: Bytes,
        fetch: &dyn Fn(&Digest) -> Option<Bytes>,
    ) -> Option<ActionResult> {
        let message = proto::ActionResult::decode(payload).ok()?;
        let outputs = message
            .outputs
            .into_iter()
            .map(|output| read_output(output, fetch))
            .collect::<Option<Vec<_>>>()?;
        let log = match message.log {
            None => None,
            Some(part) => Some(match part.place? {
                proto::part::Place::Here(bytes) => {
                    StoredLog::Here(Arc::new(LogRecord::decode(bytes)?))
                }
                proto::part::Place::Content(digest) => StoredLog::Elsewhere(read_digest(&digest)?),
            }),
        };
        let usage = message.usage?;
        Some(ActionResult {
            outputs,
            log,
            usage: Usage {
                wall_ms: usage.wall_ms,
                user_ms: usage.user_ms,
                sys_ms: usage.sys_ms,
                max_rss: usage.max_rss,
            },
            exit_code: message.exit_code,
            created: message.created,
        })
    }

    /// The contents that a stored result is of no use without. A listing that
    /// is a content of its own is among them.
    pub(super) fn contents(&self) -> impl Iterator<Item = (Digest, bool)> {
        let files = self.outputs.iter().flat_map(|(_, listing)| {
            let files = listing.files();
            files.map(|(_, digest, executable)| (digest, executable))
        });
        let log = self.log.iter().filter_map(|log| match log {
            StoredLog::Here(_) => None,
            StoredLog::Elsewhere(digest) => Some((*digest, false)),
        });
        files.chain(log)
    }
}

/// The contents that the parts of a stored payload are kept as.
pub(super) fn parts_elsewhere(payload: Bytes) -> Vec<Digest> {
    let Ok(message) = proto::ActionResult::decode(payload) else {
        return Vec::new();
    };
    let listings = message.outputs.into_iter().filter_map(|output| output.flat);
    listings
        .chain(message.log)
        .filter_map(|part| match part.place? {
            proto::part::Place::Here(_) => None,
            proto::part::Place::Content(digest) => read_digest(&digest),
        })
        .collect()
}

fn read_output(
    output: proto::Output,
    fetch: &dyn Fn(&Digest) -> Option<Bytes>,
) -> Option<(Option<GroupName>, Arc<Listing>)> {
    let group = match output.group.as_str() {
        "" => None,
        name => Some(GroupName::parse(name).ok()?),
    };
    let flat = match output.flat?.place? {
        proto::part::Place::Here(bytes) => bytes,
        proto::part::Place::Content(digest) => fetch(&read_digest(&digest)?)?,
    };
    let digest = read_digest(&output.listing?)?;
    let listing = Listing::decode_flat(flat, digest).ok()?;
    Some((group, Arc::new(listing)))
}

fn part(bytes: Vec<u8>, contents: &mut Vec<Bytes>) -> proto::Part {
    if bytes.len() <= LARGEST_INLINE {
        return proto::Part {
            place: Some(proto::part::Place::Here(bytes.into())),
        };
    }
    let part = elsewhere(&Digest::of(&bytes));
    contents.push(bytes.into());
    part
}

fn elsewhere(digest: &Digest) -> proto::Part {
    proto::Part {
        place: Some(proto::part::Place::Content(message(digest))),
    }
}

fn message(digest: &Digest) -> proto::ContentDigest {
    proto::ContentDigest {
        sha256: digest.sha256().to_vec().into(),
        size: digest.size(),
    }
}

fn read_digest(message: &proto::ContentDigest) -> Option<Digest> {
    let sha256 = message.sha256.as_ref().try_into().ok()?;
    Some(Digest::new(sha256, message.size))
}
