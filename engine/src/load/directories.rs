//! One directory's entries, as globs and package searches see them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use kiln_plugin_abi::{FileKind, WorkspacePath};
use xxhash_rust::xxh3::Xxh3;

use super::stamp::{Stamp, kind_number, kind_of};
use super::workspace::Workspace;
use crate::sys::fs::{self, FsError, FsResult};

/// One entry of a directory.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name; with U+FFFD for what is not UTF-8.
    pub name: String,
    /// False when the name is not UTF-8 and `name` is only close to it.
    pub is_utf8: bool,
    /// What it is.
    pub kind: FileKind,
}

/// Which part of a listing someone depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Names and kinds of all entries.
    Everything,
    /// Names of the directories.
    Directories,
}

/// A directory's entries without the directories that are never entered.
#[derive(Debug)]
pub(super) struct Listing {
    /// The directory itself, examined before its entries were.
    pub stamp: Stamp,
    /// Sorted by the names' bytes.
    pub entries: Vec<Entry>,
    is_utf8: bool,
    everything: u128,
    directories: u128,
}

impl Listing {
    /// Lists `directory`; `None` when there is no directory of that name.
    pub(super) fn of(
        workspace: &Workspace,
        directory: &WorkspacePath,
    ) -> FsResult<Option<Listing>> {
        let path = workspace.absolute(directory);
        let Some(metadata) = fs::symlink_metadata(&path)?.filter(std::fs::Metadata::is_dir) else {
            return Ok(None);
        };
        let mut found: Vec<(OsString, FileKind)> = Vec::new();
        for entry in fs::read_dir(&path)? {
            let kind = match entry.file_type() {
                Ok(file_type) => kind_of(file_type),
                // Gone since the directory was read.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(FsError::new("examine", entry.path(), error)),
            };
            let name = entry.file_name();
            let ignored = kind == FileKind::Directory
                && name.to_str().is_some_and(|name| workspace.ignores(name));
            if !ignored {
                found.push((name, kind));
            }
        }
        found.sort_unstable_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
        Ok(Some(Listing::new(Stamp::of(&metadata), found)))
    }

    fn new(stamp: Stamp, found: Vec<(OsString, FileKind)>) -> Listing {
        let mut everything = Xxh3::new();
        let mut directories = Xxh3::new();
        for (name, kind) in &found {
            // Names hold no NUL, so that no two listings have the same bytes.
            let end = [0, kind_number(*kind) as u8];
            everything.update(name.as_bytes());
            everything.update(&end);
            if *kind == FileKind::Directory {
                directories.update(name.as_bytes());
                directories.update(&end);
            }
        }
        let is_utf8 = found.iter().all(|(name, _)| name.to_str().is_some());
        let entries = found.into_iter().map(|(name, kind)| {
            let (name, is_utf8) = match name.into_string() {
                Ok(name) => (name, true),
                Err(name) => (name.to_string_lossy().into_owned(), false),
            };
            Entry {
                name,
                is_utf8,
                kind,
            }
        });
        Listing {
            stamp,
            entries: entries.collect(),
            is_utf8,
            everything: everything.digest128(),
            directories: directories.digest128(),
        }
    }

    /// The hash of what `scope` covers.
    pub(super) fn hash(&self, scope: Scope) -> u128 {
        match scope {
            Scope::Everything => self.everything,
            Scope::Directories => self.directories,
        }
    }

    /// What the entry of this name is.
    pub(super) fn kind(&self, name: &str) -> FileKind {
        // Entries that are not UTF-8 stand by their bytes, not by their shown
        // name; names around them could be missed by a search over the names.
        if self.is_utf8 {
            let found = self
                .entries
                .binary_search_by(|entry| entry.name.as_str().cmp(name));
            return found.map_or(FileKind::Absent, |at| self.entries[at].kind);
        }
        let mut named = self.entries.iter().filter(|entry| entry.is_utf8);
        named
            .find(|entry| entry.name == name)
            .map_or(FileKind::Absent, |entry| entry.kind)
    }

    /// The name of the BUILD file that makes this directory a package.
    pub(super) fn build_file<'a>(&self, workspace: &'a Workspace) -> Option<&'a str> {
        let present =
            |name: &&String| !matches!(self.kind(name), FileKind::Absent | FileKind::Directory);
        workspace
            .build_files
            .iter()
            .find(present)
            .map(String::as_str)
    }
}
