//! From nested directory messages back to a listing's entries.
//!
//! Directories that are equal are in a record once and may be held many times,
//! so a small record can unfold to more than any memory holds: what it comes to
//! is counted first. Depth never uses the call stack.

use std::collections::HashMap;

use kiln_plugin_abi::{Digest, WorkspacePath};
use kiln_proto::listing as proto;
use prost::Message;

use super::listing::{Entry, ListingError};
use super::tree::MOST_ENTRIES;

/// Most bytes of all paths together.
const MOST_PATH_BYTES: u64 = 1 << 29;

/// A directory and what it unfolds to.
struct Counted {
    directory: proto::Directory,
    /// Directories, files and links, the directory itself included.
    entries: u64,
    /// Their paths, relative to the directory.
    path_bytes: u64,
}

/// Unfolds a record into entries in no particular order. What is wrong with
/// their order or names comes out when they are encoded again.
pub(super) fn decode(record: &[u8]) -> Result<Vec<(WorkspacePath, Entry)>, ListingError> {
    let tree = proto::Tree::decode(record).map_err(|_| malformed("not a tree message"))?;
    let mut children = HashMap::with_capacity(tree.children.len());
    for child in &tree.children {
        let counted = count(child, &children)?;
        children.insert(Digest::of(child), counted);
    }
    let root = count(&tree.root, &children)?;
    let mut entries = Vec::with_capacity(root.entries as usize);
    let mut open = vec![(String::new(), &root.directory)];
    while let Some((path, directory)) = open.pop() {
        if !path.is_empty() && *directory == proto::Directory::default() {
            entries.push((workspace_path(&path)?, Entry::Directory));
        }
        add_leaves(&path, directory, &mut entries)?;
        for node in &directory.directories {
            let child = find(node, &children)?;
            open.push((join(&path, &node.name), &child.directory));
        }
    }
    Ok(entries)
}

/// Reads a directory whose children are `known`, and refuses it when it unfolds
/// to too much.
fn count(
    encoded: &bytes::Bytes,
    known: &HashMap<Digest, Counted>,
) -> Result<Counted, ListingError> {
    let directory = proto::Directory::decode(encoded.clone())
        .map_err(|_| malformed("not a directory message"))?;
    let leaves = directory.files.iter().map(|node| &node.name);
    let leaves = leaves.chain(directory.symlinks.iter().map(|node| &node.name));
    let mut entries = 1u64;
    let mut path_bytes = 0u64;
    for name in leaves {
        entries += 1;
        path_bytes += name.len() as u64;
    }
    for node in &directory.directories {
        let child = find(node, known)?;
        let prefixes = (node.name.len() as u64 + 1).saturating_mul(child.entries);
        entries = entries.saturating_add(child.entries);
        path_bytes = path_bytes
            .saturating_add(child.path_bytes)
            .saturating_add(prefixes);
    }
    // Each entry may lie in directories of its own, which count as well.
    if entries > 2 * MOST_ENTRIES as u64 || path_bytes > MOST_PATH_BYTES {
        return Err(ListingError::TooMany);
    }
    Ok(Counted {
        directory,
        entries,
        path_bytes,
    })
}

fn find<'a>(
    node: &proto::DirectoryNode,
    known: &'a HashMap<Digest, Counted>,
) -> Result<&'a Counted, ListingError> {
    known
        .get(&read_digest(node.digest.as_ref())?)
        .ok_or_else(|| malformed("a directory is missing, or does not come before its parent"))
}

/// Adds the files and links that lie directly in the directory at `path`.
fn add_leaves(
    path: &str,
    directory: &proto::Directory,
    entries: &mut Vec<(WorkspacePath, Entry)>,
) -> Result<(), ListingError> {
    for node in &directory.files {
        let entry = Entry::File {
            digest: read_digest(node.digest.as_ref())?,
            executable: node.is_executable,
        };
        entries.push((workspace_path(&join(path, &node.name))?, entry));
    }
    for node in &directory.symlinks {
        let entry = Entry::Link {
            target: node.target.as_str().into(),
        };
        entries.push((workspace_path(&join(path, &node.name))?, entry));
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}/{name}")
    }
}

fn workspace_path(path: &str) -> Result<WorkspacePath, ListingError> {
    WorkspacePath::from_normalised(path).ok_or_else(|| malformed("a name is not allowed"))
}

fn read_digest(message: Option<&proto::Digest>) -> Result<Digest, ListingError> {
    message
        .and_then(|digest| Digest::from_hex(&digest.hash, u64::try_from(digest.size_bytes).ok()?))
        .ok_or_else(|| malformed("a digest is not valid"))
}

fn malformed(reason: &'static str) -> ListingError {
    ListingError::Malformed { reason }
}
