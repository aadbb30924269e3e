//! From a listing to nested directory messages, each identified by its bytes.
//!
//! The messages are those of the Remote Execution API (see `listing.proto`).
//! Depth never uses the call stack. `unfold` is the way back.

use std::collections::HashSet;

use kiln_plugin_abi::{Digest, WorkspacePath};
use kiln_proto::listing as proto;
use prost::Message;

use super::listing::{Entry, ListingError};

/// Most entries of a listing.
pub(super) const MOST_ENTRIES: usize = 2_000_000;

/// Encoded directories: the root, and those below it, each once, deepest first.
pub(super) struct Tree {
    message: proto::Tree,
    root: Digest,
}

impl Tree {
    /// The tree of `entries`, which are sorted and have no implied directories.
    /// The only error is a conflict.
    pub(super) fn of(entries: &[(WorkspacePath, Entry)]) -> Result<Tree, ListingError> {
        let mut builder = Builder::default();
        for (path, entry) in entries {
            builder.add(path, entry)?;
        }
        builder.finish()
    }

    /// Of the root.
    pub(super) fn digest(&self) -> Digest {
        self.root
    }

    /// The whole as one record.
    pub(super) fn encode(&self) -> Vec<u8> {
        self.message.encode_to_vec()
    }
}

/// The directories on the way to the current entry, and those that are complete.
#[derive(Default)]
struct Builder<'a> {
    open: Vec<(&'a str, proto::Directory)>,
    root: proto::Directory,
    known: HashSet<Digest>,
    complete: Vec<bytes::Bytes>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, path: &'a WorkspacePath, entry: &Entry) -> Result<(), ListingError> {
        let (parent, name) = path
            .as_str()
            .rsplit_once('/')
            .unwrap_or(("", path.as_str()));
        self.enter(parent)?;
        match entry {
            Entry::File { digest, executable } => self.current().files.push(proto::FileNode {
                name: name.to_owned(),
                digest: Some(message(digest)),
                is_executable: *executable,
            }),
            Entry::Link { target } => self.current().symlinks.push(proto::SymlinkNode {
                name: name.to_owned(),
                target: target.to_string(),
            }),
            Entry::Directory => {
                let digest = self.keep(&proto::Directory::default());
                self.add_directory(name, &digest);
            }
        }
        Ok(())
    }

    /// Closes and opens directories until `parent` is the current one.
    fn enter(&mut self, parent: &'a str) -> Result<(), ListingError> {
        let mut names = parent.split('/').filter(|name| !name.is_empty()).peekable();
        let shared = self
            .open
            .iter()
            .take_while(|(open, _)| names.next_if_eq(open).is_some())
            .count();
        while self.open.len() > shared {
            self.leave()?;
        }
        self.open
            .extend(names.map(|name| (name, proto::Directory::default())));
        Ok(())
    }

    fn leave(&mut self) -> Result<(), ListingError> {
        if let Some((name, mut directory)) = self.open.pop() {
            sort_names(&mut directory, || self.path_of(name))?;
            let digest = self.keep(&directory);
            self.add_directory(name, &digest);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Tree, ListingError> {
        self.enter("")?;
        sort_names(&mut self.root, WorkspacePath::root)?;
        let root = self.root.encode_to_vec();
        Ok(Tree {
            root: Digest::of(&root),
            message: proto::Tree {
                root: root.into(),
                children: self.complete,
            },
        })
    }

    fn keep(&mut self, directory: &proto::Directory) -> Digest {
        let encoded = directory.encode_to_vec();
        let digest = Digest::of(&encoded);
        if self.known.insert(digest) {
            self.complete.push(encoded.into());
        }
        digest
    }

    fn current(&mut self) -> &mut proto::Directory {
        self.open
            .last_mut()
            .map_or(&mut self.root, |(_, directory)| directory)
    }

    fn add_directory(&mut self, name: &str, digest: &Digest) {
        let node = proto::DirectoryNode {
            name: name.to_owned(),
            digest: Some(message(digest)),
        };
        self.current().directories.push(node);
    }

    fn path_of(&self, name: &str) -> WorkspacePath {
        let above = self.open.iter().map(|(name, _)| *name);
        above
            .chain([name])
            .fold(WorkspacePath::root(), |path, name| path.join(name))
    }
}

/// Brings the directories into order (the paths' order puts `a-b/` before
/// `a/`), and refuses a name that two nodes have. `path` is the directory's.
fn sort_names(
    directory: &mut proto::Directory,
    path: impl Fn() -> WorkspacePath,
) -> Result<(), ListingError> {
    directory
        .directories
        .sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let files = directory.files.iter().map(|node| &*node.name);
    let directories = directory.directories.iter().map(|node| &*node.name);
    let links = directory.symlinks.iter().map(|node| &*node.name);
    let mut names: Vec<&str> = files.chain(directories).chain(links).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ListingError::Conflict {
            path: path().join(pair[0]),
        }),
        None => Ok(()),
    }
}

fn message(digest: &Digest) -> proto::Digest {
    proto::Digest {
        hash: digest.hex(),
        size_bytes: digest.size().cast_signed(),
    }
}
