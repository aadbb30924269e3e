//! What a provider may ask while it loads one package; every answer is noted.
//!
//! Nothing here may start work on rayon's pool: a provider runs on one of its
//! threads, which could then pick up the load of another package half-way.

use std::sync::{Arc, Mutex, PoisonError};

use kiln_plugin_abi::{Diagnostic, FileKind, GlobRequest, LoadHost, PackagePath, WorkspacePath};

use super::directories::{Entry, Listing, Scope};
use super::glob::Patterns;
use super::notes::{Links, Notes};
use super::seen::{Content, Seen, SeenFile, diagnostic};
use crate::events::{Event, EventSink};

/// Longest chain of links followed.
const LONGEST_CHAIN: usize = 40;

/// The host of one package load.
pub(super) struct PackageHost<'a> {
    seen: &'a Seen,
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

    fn note(&self, write: impl FnOnce(&mut Notes)) {
        write(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn kind(&self, path: &WorkspacePath) -> Result<FileKind, Diagnostic> {
        let kind = self.seen.kind(path).map_err(|error| diagnostic(&error))?;
        self.note(|notes| notes.kind(path, Links::Themselves, kind));
        Ok(kind)
    }

    fn listing(&self, path: &WorkspacePath) -> Result<Option<Arc<Listing>>, Diagnostic> {
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
        let mut walk = Walk {
            host: self,
            patterns,
            found: Vec::new(),
            pending: vec![(directory, String::new())],
        };
        while let Some((directory, below)) = walk.pending.pop() {
            walk.enter(&directory, &below)?;
        }
        walk.found.sort_unstable();
        Ok(walk.found)
    }

    fn print(&self, package: &PackagePath, text: &str) {
        self.sink.emit(&Event::Print {
            package: package.clone(),
            text: text.to_owned(),
        });
    }
}

/// A walk below one package for one `glob()`.
struct Walk<'a> {
    host: &'a PackageHost<'a>,
    patterns: Patterns,
    found: Vec<WorkspacePath>,
    /// Directories to enter, with their path relative to the package.
    pending: Vec<(WorkspacePath, String)>,
}

impl Walk<'_> {
    fn enter(&mut self, directory: &WorkspacePath, below: &str) -> Result<(), Diagnostic> {
        let Some(listing) = self.host.listing(directory)? else {
            // Gone since its parent was listed.
            self.host.kind(directory)?;
            return Ok(());
        };
        let nested = match below.is_empty() {
            true => None,
            false => listing.build_file(&self.host.seen.workspace),
        };
        if let Some(build_file) = nested {
            let build_file = directory.join(build_file);
            let kind = listing.kind(build_file.file_name());
            self.host
                .note(|notes| notes.kind(&build_file, Links::Themselves, kind));
            return Ok(());
        }
        self.host
            .note(|notes| notes.directory(directory, Scope::Everything, &listing));
        for entry in &listing.entries {
            self.visit(directory, below, entry)?;
        }
        Ok(())
    }

    fn visit(
        &mut self,
        directory: &WorkspacePath,
        below: &str,
        entry: &Entry,
    ) -> Result<(), Diagnostic> {
        let relative = match below.is_empty() {
            true => entry.name.clone(),
            false => format!("{below}/{}", entry.name),
        };
        let wanted = match entry.kind {
            FileKind::Directory => self.patterns.may_enter(&relative),
            _ => self.patterns.matches(&relative),
        };
        if !wanted {
            return Ok(());
        }
        let path = directory.join(&entry.name);
        if !entry.is_utf8 {
            let message = format!("the name of `{path}` is not UTF-8");
            return Err(Diagnostic::error(message).hint("rename it, or exclude it"));
        }
        match entry.kind {
            FileKind::Directory => self.pending.push((path, relative)),
            FileKind::File => self.found.push(path),
            FileKind::Link => self.visit_link(path)?,
            FileKind::Other | FileKind::Absent => return Err(not_a_file(&path)),
        }
        Ok(())
    }

    /// A link to a file counts as that file; one to a directory is passed over.
    fn visit_link(&mut self, path: WorkspacePath) -> Result<(), Diagnostic> {
        let kind = self.host.seen.kind_behind_links(&path);
        let kind = kind.map_err(|error| diagnostic(&error))?;
        self.host
            .note(|notes| notes.kind(&path, Links::Followed, kind));
        match kind {
            FileKind::File => self.found.push(path),
            FileKind::Directory => {}
            FileKind::Absent => {
                let message = format!("`{path}` is a symbolic link that leads nowhere");
                return Err(Diagnostic::error(message).hint("repair it, or exclude it"));
            }
            FileKind::Link | FileKind::Other => return Err(not_a_file(&path)),
        }
        Ok(())
    }
}

fn not_a_file(path: &WorkspacePath) -> Diagnostic {
    Diagnostic::error(format!("`{path}` is a device, FIFO or socket"))
        .hint("a glob takes regular files only; exclude it")
}

#[cfg(test)]
mod tests;
