//! What this run has seen of the workspace. Everything is examined at most once
//! a run, so that all packages are loaded from one picture of it.

use std::sync::Arc;

use dashmap::DashMap;
use kiln_plugin_abi::{Diagnostic, Digest, FileKind, WorkspacePath};

use super::directories::Listing;
use super::probe::Probe;
use super::stamp::{Stamp, kind_of};
use super::workspace::Workspace;
use crate::sys::fs::{FsError, FsResult, symlink_metadata};
use crate::sys::links;
use crate::sys::regular::read_regular;

/// Largest file a provider may read.
const LARGEST_FILE: u64 = 16 << 20;

/// A file or link with its contents.
#[derive(Debug)]
pub(super) struct SeenFile {
    /// Taken before the contents were read.
    pub stamp: Stamp,
    /// Of the contents, or of a link's text.
    pub digest: Digest,
    /// The contents.
    pub content: Content,
}

/// What a file or link holds.
#[derive(Debug)]
pub(super) enum Content {
    File(Arc<[u8]>),
    Link(String),
}

/// The run's picture of the workspace.
#[derive(Debug)]
pub(super) struct Seen {
    pub workspace: Workspace,
    probe: Probe,
    stamps: DashMap<WorkspacePath, Option<Stamp>>,
    targets: DashMap<WorkspacePath, FileKind>,
    listings: DashMap<WorkspacePath, Option<Arc<Listing>>>,
    files: DashMap<WorkspacePath, Option<Arc<SeenFile>>>,
}

impl Seen {
    pub(super) fn new(workspace: Workspace) -> Seen {
        let probe = Probe::new(workspace.root.join(".kiln/state/probe"));
        Seen {
            workspace,
            probe,
            stamps: DashMap::new(),
            targets: DashMap::new(),
            listings: DashMap::new(),
            files: DashMap::new(),
        }
    }

    /// A time, by the file system's clock, before any listing or file was read.
    pub(super) fn recorded(&self) -> i64 {
        self.probe.time()
    }

    /// What lies at `path`, a link not followed.
    pub(super) fn stamp(&self, path: &WorkspacePath) -> FsResult<Option<Stamp>> {
        if let Some(known) = self.stamps.get(path) {
            return Ok(*known);
        }
        let metadata = symlink_metadata(&self.workspace.absolute(path))?;
        let stamp = metadata.as_ref().map(Stamp::of);
        Ok(*self.stamps.entry(path.clone()).or_insert(stamp))
    }

    /// The kind of what lies at `path`, a link not followed.
    pub(super) fn kind(&self, path: &WorkspacePath) -> FsResult<FileKind> {
        let stamp = self.stamp(path)?;
        Ok(stamp.map_or(FileKind::Absent, |stamp| stamp.kind))
    }

    /// The kind of what lies at `path` behind all links; absent for a link
    /// without an end.
    pub(super) fn kind_behind_links(&self, path: &WorkspacePath) -> FsResult<FileKind> {
        if let Some(known) = self.targets.get(path) {
            return Ok(*known);
        }
        let metadata = links::metadata(&self.workspace.absolute(path))?;
        let kind = metadata.map_or(FileKind::Absent, |metadata| kind_of(metadata.file_type()));
        Ok(*self.targets.entry(path.clone()).or_insert(kind))
    }

    /// A directory's entries; `None` when there is no such directory.
    pub(super) fn listing(&self, directory: &WorkspacePath) -> FsResult<Option<Arc<Listing>>> {
        if let Some(known) = self.listings.get(directory) {
            return Ok(known.clone());
        }
        self.recorded();
        let listing = Listing::of(&self.workspace, directory)?.map(Arc::new);
        let entry = self.listings.entry(directory.clone());
        Ok(entry.or_insert(listing).clone())
    }

    /// The file or link at `path` with its contents; `None` when nothing is
    /// there. Anything else there is an error.
    pub(super) fn file(&self, path: &WorkspacePath) -> FsResult<Option<Arc<SeenFile>>> {
        if let Some(known) = self.files.get(path) {
            return Ok(known.clone());
        }
        self.recorded();
        let file = self.read(path)?.map(Arc::new);
        Ok(self.files.entry(path.clone()).or_insert(file).clone())
    }

    fn read(&self, path: &WorkspacePath) -> FsResult<Option<SeenFile>> {
        let absolute = self.workspace.absolute(path);
        let Some(metadata) = symlink_metadata(&absolute)? else {
            return Ok(None);
        };
        if metadata.is_symlink() {
            let text = links::read_link(&absolute)?;
            let text = text.to_string_lossy().into_owned();
            return Ok(Some(SeenFile {
                stamp: Stamp::of(&metadata),
                digest: Digest::of(text.as_bytes()),
                content: Content::Link(text),
            }));
        }
        let (metadata, bytes) = match read_regular(&absolute, LARGEST_FILE) {
            Err(error) if error.is_not_found() => return Ok(None),
            result => result?,
        };
        Ok(Some(SeenFile {
            stamp: Stamp::of(&metadata),
            digest: Digest::of(&bytes),
            content: Content::File(bytes.into()),
        }))
    }
}

/// An error of the file system as a message to people.
pub(super) fn diagnostic(error: &FsError) -> Diagnostic {
    Diagnostic::error(error.to_string())
}
