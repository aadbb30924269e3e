//! Everything a package's evaluation looked at: the reasons to do it again.

use std::collections::BTreeMap;

use kiln_plugin_abi::{Digest, FileKind, WorkspacePath};
use kiln_proto::snapshot as proto;

use super::directories::{Listing, Scope};
use super::seen::SeenFile;
use super::stamp::{Stamp, kind_from_number, kind_number};

/// A file or link that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileNote {
    pub stamp: Stamp,
    pub sha256: [u8; 32],
}

/// A directory that was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryNote {
    pub stamp: Stamp,
    /// Hash of what of the listing matters.
    pub listing: u128,
}

/// Whether a link counts as itself or as what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Links {
    Themselves,
    Followed,
}

/// The notes of one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notes {
    pub files: BTreeMap<WorkspacePath, FileNote>,
    pub directories: BTreeMap<(WorkspacePath, Scope), DirectoryNote>,
    pub kinds: BTreeMap<(WorkspacePath, Links), FileKind>,
}

impl Notes {
    pub(super) fn file(&mut self, path: &WorkspacePath, file: &SeenFile) {
        let note = FileNote {
            stamp: file.stamp,
            sha256: *file.digest.sha256(),
        };
        self.files.insert(path.clone(), note);
    }

    pub(super) fn directory(&mut self, path: &WorkspacePath, scope: Scope, listing: &Listing) {
        let note = DirectoryNote {
            stamp: listing.stamp,
            listing: listing.hash(scope),
        };
        self.directories.insert((path.clone(), scope), note);
    }

    pub(super) fn kind(&mut self, path: &WorkspacePath, links: Links, kind: FileKind) {
        self.kinds.insert((path.clone(), links), kind);
    }

    /// The notes as the start of a record of `targets` targets.
    pub(super) fn write(&self, recorded: i64, targets: usize) -> proto::PackageHeader {
        let files = self.files.iter().map(|(path, note)| proto::FileNote {
            path: path.as_str().to_owned(),
            stamp: Some(note.stamp.write()),
            sha256: note.sha256.to_vec(),
        });
        let directories =
            self.directories
                .iter()
                .map(|((path, scope), note)| proto::DirectoryNote {
                    path: path.as_str().to_owned(),
                    stamp: Some(note.stamp.write()),
                    directories_only: *scope == Scope::Directories,
                    listing_high: (note.listing >> 64) as u64,
                    listing_low: note.listing as u64,
                });
        let kinds = self
            .kinds
            .iter()
            .map(|((path, links), kind)| proto::KindNote {
                path: path.as_str().to_owned(),
                kind: kind_number(*kind),
                follow: *links == Links::Followed,
            });
        proto::PackageHeader {
            recorded,
            files: files.collect(),
            directories: directories.collect(),
            kinds: kinds.collect(),
            targets: u32::try_from(targets).unwrap_or(u32::MAX),
        }
    }

    /// Reads the notes of a record; `None` when they make no sense.
    pub(super) fn read(header: &proto::PackageHeader) -> Option<Notes> {
        let path = WorkspacePath::from_normalised;
        let mut notes = Notes::default();
        for file in &header.files {
            let note = FileNote {
                stamp: Stamp::read(file.stamp.as_ref()?)?,
                sha256: file.sha256.as_slice().try_into().ok()?,
            };
            notes.files.insert(path(&file.path)?, note);
        }
        for directory in &header.directories {
            let scope = match directory.directories_only {
                true => Scope::Directories,
                false => Scope::Everything,
            };
            let note = DirectoryNote {
                stamp: Stamp::read(directory.stamp.as_ref()?)?,
                listing: u128::from(directory.listing_high) << 64
                    | u128::from(directory.listing_low),
            };
            notes
                .directories
                .insert((path(&directory.path)?, scope), note);
        }
        for kind in &header.kinds {
            let links = match kind.follow {
                true => Links::Followed,
                false => Links::Themselves,
            };
            let noted = kind_from_number(kind.kind)?;
            notes.kinds.insert((path(&kind.path)?, links), noted);
        }
        Some(notes)
    }
}

/// True when the contents of `file` are the noted ones.
pub(super) fn same_contents(note: &FileNote, digest: &Digest) -> bool {
    note.sha256 == *digest.sha256()
}
