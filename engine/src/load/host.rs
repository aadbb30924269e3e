//! What a provider may ask while it loads one package; every answer is noted.
//!
//! Nothing here may start work on rayon's pool: a provider runs on one of its
//! threads, which could then pick up the load of another package half-way.

use std::sync::{Arc, Mutex, PoisonError};

use kiln_plugin_abi::{Diagnostic, FileKind, GlobRequest, LoadHost, PackagePath, WorkspacePath};

use super::directories::{Listing, Scope};
use super::glob::Patterns;
use super::notes::{Links, Notes};
use super::seen::{Content, Seen, SeenFile, diagnostic};
use super::walk::Walk;
use crate::events::{Event, EventSink};

/// Longest chain of links followed.
const LONGEST_CHAIN: usize = 40;

/// The host of one package load.
pub(super) struct PackageHost<'a> {
    pub seen: &'a Seen,
    sink: &'a dyn EventSink,
    notes: Mutex<Notes>,
}

impl<'a> PackageHost<'a> {
    pub(super) fn new(seen: &'a Seen, sink: &'a dyn EventSink) -> PackageHost<'a> {
        PackageHost {
            seen,
            sink,
            notes: Mutex::default(),
        }
    }

    /// Everything that was asked.
    pub(super) fn into_notes(self) -> Notes {
        self.notes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, write: impl FnOnce(&mut Notes)) {
        write(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn kind(&self, path: &WorkspacePath) -> Result<FileKind, Diagnostic> {
        let kind = self.seen.kind(path).map_err(|error| diagnostic(&error))?;
        self.note(|notes| notes.kind(path, Links::Themselves, kind));
        Ok(kind)
    }

    pub(super) fn listing(&self, path: &WorkspacePath) -> Result<Option<Arc<Listing>>, Diagnostic> {
        self.seen.listing(path).map_err(|error| diagnostic(&error))
    }

    /// True when `path` is a directory that may be entered. A link on the way
    /// is an error: packages and their files have one path each.
    pub(super) fn is_directory(&self, path: &WorkspacePath) -> Result<bool, Diagnostic> {
        let mut ancestor = WorkspacePath::root();
        for segment in path.as_str().split('/').filter(|name| !name.is_empty()) {
            ancestor = ancestor.join(segment);
            if self.seen.workspace.ignores(segment) {
                return Ok(false);
            }
            match self.kind(&ancestor)? {
                FileKind::Directory => {}
                FileKind::Link => {
                    let message = format!("`{ancestor}` is a symbolic link");
                    return Err(Diagnostic::error(message)
                        .hint("links to directories are not followed; name the directory itself"));
                }
                FileKind::File | FileKind::Other | FileKind::Absent => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The file at the end of the links that start at `path`, each noted.
    fn follow(&self, path: &WorkspacePath) -> Result<Option<Arc<SeenFile>>, Diagnostic> {
        let mut at = path.clone();
        for _ in 0..LONGEST_CHAIN {
            let parent = at.parent().unwrap_or_else(WorkspacePath::root);
            if !self.is_directory(&parent)? {
                return Ok(None);
            }
            let file = self.seen.file(&at).map_err(|error| diagnostic(&error))?;
            let Some(file) = file else {
                self.note(|notes| notes.kind(&at, Links::Themselves, FileKind::Absent));
                return Ok(None);
            };
            self.note(|notes| notes.file(&at, &file));
            match &file.content {
                Content::File(_) => return Ok(Some(file)),
                Content::Link(text) => at = self.link_target(&at, &parent, text)?,
            }
        }
        Err(Diagnostic::error(format!(
            "`{path}` starts a chain of more than {LONGEST_CHAIN} symbolic links"
        )))
    }

    fn link_target(
        &self,
        link: &WorkspacePath,
        parent: &WorkspacePath,
        text: &str,
    ) -> Result<WorkspacePath, Diagnostic> {
        let root = self.seen.workspace.root.to_str().unwrap_or("/");
        let from_root = match text.starts_with('/') {
            true => text
                .strip_prefix(root)
                .and_then(|rest| rest.strip_prefix('/'))
                .map(ToOwned::to_owned),
            false => Some(format!("{parent}/{text}")),
        };
        let inside = from_root.and_then(|path| WorkspacePath::resolve("", &path).ok());
        inside.ok_or_else(|| {
            let shown = text.escape_debug();
            Diagnostic::error(format!("`{link}` is a symbolic link to `{shown}`"))
                .hint("a link may only lead to a file of the workspace")
        })
    }

    /// The file that makes the directory a package, if any; noted so that the
    /// package is loaded anew when the answer changes.
    pub(super) fn build_file_in(
        &self,
        directory: &WorkspacePath,
    ) -> Result<Option<WorkspacePath>, Diagnostic> {
        for name in &self.seen.workspace.build_files {
            let candidate = directory.join(name);
            match self.kind(&candidate)? {
                FileKind::File | FileKind::Link => return Ok(Some(candidate)),
                FileKind::Absent | FileKind::Directory => {}
                FileKind::Other => {
                    let message = format!("`{candidate}` is not a regular file");
                    return Err(Diagnostic::error(message));
                }
            }
        }
        Ok(None)
    }

    /// True when the directory `path` holds a directory of this name. Files
    /// that come and go beside it do not count as a change.
    pub(super) fn holds_directory(
        &self,
        path: &WorkspacePath,
        name: &str,
    ) -> Result<bool, Diagnostic> {
        let Some(listing) = self.listing(path)? else {
            self.kind(path)?;
            return Ok(false);
        };
        self.note(|notes| notes.directory(path, Scope::Directories, &listing));
        Ok(listing.kind(name) == FileKind::Directory)
    }
}

impl LoadHost for PackageHost<'_> {
    fn read_file(&self, path: &WorkspacePath) -> Result<Option<Arc<[u8]>>, Diagnostic> {
        let file = self.follow(path)?;
        Ok(file.and_then(|file| match &file.content {
            Content::File(bytes) => Some(bytes.clone()),
            Content::Link(_) => None,
        }))
    }

    fn note_file(&self, path: &WorkspacePath) -> Result<(), Diagnostic> {
        self.follow(path).map(drop)
    }

    fn build_file(&self, package: &PackagePath) -> Result<Option<WorkspacePath>, Diagnostic> {
        let directory = package.directory();
        if package.is_virtual() || !self.is_directory(&directory)? {
            return Ok(None);
        }
        self.build_file_in(&directory)
    }

    fn glob(&self, request: &GlobRequest) -> Result<Vec<WorkspacePath>, Diagnostic> {
        let patterns = Patterns::new(&request.include, &request.exclude)?;
        let directory = request.package.directory();
        if !self.is_directory(&directory)? {
            return Ok(Vec::new());
        }
        Walk::new(self, &patterns, directory).run()
    }

    fn print(&self, package: &PackagePath, text: &str) {
        self.sink.emit(&Event::Print {
            package: package.clone(),
            text: text.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests;
