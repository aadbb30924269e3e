//! The walk of one `glob()`: below one package, never into another, never
//! through a link. Every directory that was listed is noted.

use kiln_plugin_abi::{Diagnostic, FileKind, WorkspacePath};

use super::directories::{Entry, Scope};
use super::glob::Patterns;
use super::host::PackageHost;
use super::notes::Links;
use super::seen::diagnostic;

/// A walk that has not ended.
pub(super) struct Walk<'a> {
    host: &'a PackageHost<'a>,
    patterns: &'a Patterns,
    package: WorkspacePath,
    found: Vec<WorkspacePath>,
    /// Directories to enter, with their path relative to the package.
    pending: Vec<(WorkspacePath, String)>,
}

impl<'a> Walk<'a> {
    /// A walk below the directory of a package.
    pub(super) fn new(
        host: &'a PackageHost<'a>,
        patterns: &'a Patterns,
        package: WorkspacePath,
    ) -> Walk<'a> {
        Walk {
            host,
            patterns,
            package,
            found: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Everything that is asked for, sorted.
    pub(super) fn run(mut self) -> Result<Vec<WorkspacePath>, Diagnostic> {
        for start in &self.patterns.starts {
            if let Some(directory) = self.descend(start)? {
                self.pending.push((directory, start.clone()));
            }
        }
        while let Some((directory, below)) = self.pending.pop() {
            self.enter(&directory, &below)?;
        }
        for literal in &self.patterns.literals {
            self.look(literal)?;
        }
        self.found.sort_unstable();
        self.found.dedup();
        Ok(self.found)
    }

    /// The directory at `below`, when it belongs to the package.
    fn descend(&self, below: &str) -> Result<Option<WorkspacePath>, Diagnostic> {
        let mut at = self.package.clone();
        for segment in below.split('/').filter(|segment| !segment.is_empty()) {
            at = at.join(segment);
            if self.host.seen.workspace.ignores(segment)
                || self.host.kind(&at)? != FileKind::Directory
                || self.host.build_file_in(&at)?.is_some()
            {
                return Ok(None);
            }
        }
        Ok(Some(at))
    }

    /// A pattern that is the path of one file needs no listing.
    fn look(&mut self, literal: &str) -> Result<(), Diagnostic> {
        let (parent, name) = literal.rsplit_once('/').unwrap_or(("", literal));
        if !self.patterns.matches(literal) {
            return Ok(());
        }
        let Some(directory) = self.descend(parent)? else {
            return Ok(());
        };
        let path = directory.join(name);
        match self.host.kind(&path)? {
            FileKind::Absent | FileKind::Directory => Ok(()),
            kind => self.take(path, kind),
        }
    }

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
            let kind = listing.kind(build_file);
            let build_file = directory.join(build_file);
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
            FileKind::Directory => {
                self.pending.push((path, relative));
                Ok(())
            }
            kind => self.take(path, kind),
        }
    }

    /// Takes what matches and is no directory. A link to a file counts as that
    /// file; one to a directory is passed over.
    fn take(&mut self, path: WorkspacePath, kind: FileKind) -> Result<(), Diagnostic> {
        if kind == FileKind::File {
            self.found.push(path);
            return Ok(());
        }
        if kind != FileKind::Link {
            return Err(not_a_file(&path));
        }
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
