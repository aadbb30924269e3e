//! Brings a set of outputs into place, in one flat parallel loop.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kiln_plugin_abi::{Digest, Label, OutputKind, WorkspacePath};
use rayon::prelude::*;

use super::copy::copy_content;
use super::plan::{Plan, Wanted, plan};
use super::stamps::{Stamp, Stamps};
use super::tidy::{clear_for_file, make_directory, remove_strangers};
use crate::artifact::Entry;
use crate::execute::{ContentError, Contents};
use crate::sys::fs::{self, FsError, FsResult};
use crate::sys::links;
use crate::sys::stat::{EntryKind, status_of};

/// Why outputs are not in place.
#[derive(Debug, thiserror::Error)]
pub enum MaterializeError {
    /// Two named targets want different things at one path.
    #[error("`{first}` and `{second}` both have an output `{path}`, with different contents")]
    Conflict {
        /// Below the output directory.
        path: String,
        /// The one target.
        first: Label,
        /// The other.
        second: Label,
    },
    /// A content is in no store any more.
    #[error("an output is missing from the store")]
    Lost(Digest),
    /// A source changed, or the machine did not do what was asked.
    #[error(transparent)]
    Content(ContentError),
}

impl From<FsError> for MaterializeError {
    fn from(error: FsError) -> Self {
        MaterializeError::Content(ContentError::Fs(error))
    }
}

impl From<ContentError> for MaterializeError {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Lost(digest) => MaterializeError::Lost(digest),
            error => MaterializeError::Content(error),
        }
    }
}

/// Puts outputs into one directory.
#[derive(Debug)]
pub struct Materializer<'m> {
    /// `.kiln/out`, absolute.
    pub directory: &'m Path,
    /// A directory on the same file system for files being written.
    pub temporary: &'m Path,
    /// Where contents come from.
    pub contents: &'m Contents,
}

impl Materializer<'_> {
    /// Brings everything that is wanted into place; answers how many files and
    /// links were written.
    pub fn place(&self, wanted: &[Wanted], stamps: &mut Stamps) -> Result<u64, MaterializeError> {
        let plan = plan(wanted)?;
        let checked: Vec<(&String, &Entry, bool)> = plan
            .par_iter()
            .map(|(path, (entry, _))| Ok((path, *entry, self.is_in_place(path, entry, stamps)?)))
            .collect::<FsResult<_>>()?;
        let stale: Vec<(&String, &Entry)> = checked
            .into_iter()
            .filter(|(_, _, in_place)| !in_place)
            .map(|(path, entry, _)| (path, entry))
            .collect();
        self.make_directories(wanted, &stale)?;
        let written: Vec<(&String, Option<Stamp>)> = stale
            .par_iter()
            .map(|(path, entry)| Ok((*path, self.write(path, entry)?)))
            .collect::<Result<_, MaterializeError>>()?;
        for (path, stamp) in written {
            if let Some(stamp) = stamp {
                stamps.set(path, stamp);
            }
        }
        self.tidy_directories(wanted, &plan)?;
        Ok(stale.len() as u64)
    }

    /// Where an output of a wanted artifact stands.
    #[must_use]
    pub fn path_of(&self, wanted: &Wanted, path: &WorkspacePath) -> PathBuf {
        self.directory.join(wanted.place_of(path))
    }

    fn is_in_place(&self, path: &str, entry: &Entry, stamps: &Stamps) -> FsResult<bool> {
        let there = self.directory.join(path);
        match entry {
            Entry::Directory => Ok(fs::symlink_metadata(&there)?.is_some_and(|s| s.is_dir())),
            Entry::Link { target } => {
                let is_link = fs::symlink_metadata(&there)?.is_some_and(|s| s.is_symlink());
                Ok(is_link && links::read_link(&there)? == Path::new(&**target))
            }
            Entry::File { digest, executable } => {
                let Some(stamp) = stamps.get(path) else {
                    return Ok(false);
                };
                let same = stamp.digest == *digest && stamp.executable == *executable;
                let status = match status_of(&there) {
                    Err(error) if error.is_not_found() => return Ok(false),
                    status => status?,
                };
                Ok(same && status.kind == EntryKind::File && status.stat == stamp.stat)
            }
        }
    }

    fn make_directories(&self, wanted: &[Wanted], stale: &[(&String, &Entry)]) -> FsResult<()> {
        let mut needed: HashSet<PathBuf> = HashSet::new();
        for (path, entry) in stale {
            let place = self.directory.join(path.as_str());
            match entry {
                Entry::Directory => needed.insert(place),
                _ => needed.insert(place.parent().unwrap_or(self.directory).to_path_buf()),
            };
        }
        for wanted in wanted {
            for root in wanted.artifact.roots.iter() {
                if root.kind == OutputKind::Directory {
                    needed.insert(self.path_of(wanted, &root.path));
                }
            }
        }
        if !stale.is_empty() {
            fs::create_dir_all(self.temporary)?;
        }
        let mut needed: Vec<PathBuf> = needed.into_iter().collect();
        needed.sort();
        needed
            .iter()
            .try_for_each(|directory| make_directory(self.directory, directory))
    }

    fn write(&self, path: &str, entry: &Entry) -> Result<Option<Stamp>, MaterializeError> {
        let there = self.directory.join(path);
        match entry {
            Entry::Directory => Ok(None),
            Entry::Link { target } => {
                clear_for_file(&there)?;
                fs::symlink_atomically(target, &there, self.temporary)?;
                Ok(None)
            }
            Entry::File { digest, executable } => {
                let mut temporary = fs::temporary_file(self.temporary)?;
                let content = (*digest, *executable);
                copy_content(self.contents, content, temporary.as_file_mut(), &there)?;
                let mode = if *executable { 0o755 } else { 0o644 };
                let permissions = std::fs::Permissions::from_mode(mode);
                let changed = temporary.as_file().set_permissions(permissions);
                fs::named("set the mode of", temporary.path(), changed)?;
                clear_for_file(&there)?;
                temporary
                    .persist(&there)
                    .map_err(|error| FsError::new("replace", &there, error.error))?;
                let stat = status_of(&there)?.stat;
                Ok(Some(Stamp {
                    digest: *digest,
                    executable: *executable,
                    stat,
                }))
            }
        }
    }

    fn tidy_directories(&self, wanted: &[Wanted], plan: &Plan<'_>) -> FsResult<()> {
        for wanted in wanted {
            let roots = wanted.artifact.roots.iter();
            for root in roots.filter(|root| root.kind == OutputKind::Directory) {
                let place = wanted.place_of(&root.path);
                let below = format!("{place}/");
                let paths: Vec<PathBuf> = plan
                    .range(below.clone()..)
                    .take_while(|(path, _)| path.starts_with(&below))
                    .map(|(path, _)| self.directory.join(path))
                    .collect();
                let top = self.directory.join(&place);
                let mut expected: HashSet<&Path> = HashSet::new();
                for path in &paths {
                    expected.extend(path.ancestors().take_while(|above| *above != top));
                }
                remove_strangers(&top, &expected)?;
            }
        }
        Ok(())
    }
}
