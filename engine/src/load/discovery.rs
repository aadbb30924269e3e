//! Which directories below a base are packages: what `//a/...` means.
//!
//! A directory's part of the answer follows from its own listing alone, so an
//! answer of an earlier run is used directory by directory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use dashmap::DashMap;
use kiln_plugin_abi::{Diagnostic, FileKind, PackagePath, WorkspacePath};
use kiln_proto::snapshot as proto;
use rayon::prelude::*;

use super::seen::{Seen, diagnostic};
use super::stamp::Stamp;
use crate::events::{Event, EventSink};

/// What a walk needs to know of one directory.
#[derive(Debug, Clone)]
struct Walked {
    stamp: Stamp,
    recorded: i64,
    is_package: bool,
    subdirectories: Vec<String>,
}

/// The directories walked in this run, and in earlier ones.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    stored: OnceLock<HashMap<WorkspacePath, Walked>>,
    walked: DashMap<WorkspacePath, Walked>,
    bases: Mutex<Vec<WorkspacePath>>,
    changed: AtomicBool,
}

impl Discovery {
    /// The packages at and below `base`, which is a directory, sorted. `stored`
    /// gives what earlier runs walked.
    pub(super) fn packages_below(
        &self,
        base: &WorkspacePath,
        seen: &Seen,
        sink: &dyn EventSink,
        stored: impl FnOnce() -> proto::WalkedDirectories,
    ) -> Result<Vec<PackagePath>, Diagnostic> {
        let stored = self.stored.get_or_init(|| read(&stored()));
        let mut packages = Vec::new();
        let mut level = vec![base.clone()];
        while !level.is_empty() {
            let walked: Vec<(WorkspacePath, Option<Walked>)> = level
                .into_par_iter()
                .with_min_len(16)
                .map(|directory| {
                    let walked = self.walk(&directory, stored.get(&directory), seen)?;
                    Ok((directory, walked))
                })
                .collect::<Result<_, Diagnostic>>()?;
            level = Vec::new();
            for (directory, walked) in walked {
                let Some(walked) = walked else { continue };
                if walked.is_package {
                    match PackagePath::parse(directory.as_str()) {
                        Ok(package) => packages.push(package),
                        Err(error) => sink.emit(&cannot_be_named(&directory, &error.message)),
                    }
                }
                let below = walked.subdirectories.iter();
                level.extend(below.map(|name| directory.join(name)));
            }
        }
        packages.sort_unstable();
        self.lock_bases().push(base.clone());
        Ok(packages)
    }

    /// `None` when the directory has gone since its parent was listed.
    fn walk(
        &self,
        directory: &WorkspacePath,
        stored: Option<&Walked>,
        seen: &Seen,
    ) -> Result<Option<Walked>, Diagnostic> {
        if let Some(known) = self.walked.get(directory) {
            return Ok(Some(known.clone()));
        }
        let stamp = seen.stamp(directory).map_err(|error| diagnostic(&error))?;
        let walked = match (stored, stamp) {
            (_, None) => return Ok(None),
            (Some(stored), Some(stamp))
                if stored.stamp == stamp && stamp.is_settled(stored.recorded) =>
            {
                stored.clone()
            }
            _ => match list(directory, seen)? {
                None => return Ok(None),
                Some(walked) => {
                    self.compare(stored, &walked);
                    walked
                }
            },
        };
        self.walked.insert(directory.clone(), walked.clone());
        Ok(Some(walked))
    }

    /// Notes whether `new` is worth storing in place of `old`.
    fn compare(&self, old: Option<&Walked>, new: &Walked) {
        let better =
            old.is_none_or(|old| old.stamp != new.stamp) || new.stamp.is_settled(new.recorded);
        if better {
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// True when there is something to store that was not there the last time
    /// that this was asked.
    pub(super) fn is_new(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }

    /// True when a walk of this run came by and found no such package.
    pub(super) fn has_gone(&self, package: &str) -> bool {
        let Some(directory) = WorkspacePath::from_normalised(package) else {
            return false;
        };
        self.covers(&directory)
            && self
                .walked
                .get(&directory)
                .is_none_or(|walked| !walked.is_package)
    }

    fn covers(&self, directory: &WorkspacePath) -> bool {
        let bases = self.lock_bases();
        bases
            .iter()
            .any(|base| base == directory || directory.below(base.as_str()).is_some())
    }

    fn lock_bases(&self) -> std::sync::MutexGuard<'_, Vec<WorkspacePath>> {
        self.bases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything known, for the next run. `stored` as before.
    pub(super) fn write(
        &self,
        stored: impl FnOnce() -> proto::WalkedDirectories,
    ) -> proto::WalkedDirectories {
        let stored = self.stored.get_or_init(|| read(&stored()));
        let mut directories: Vec<proto::WalkedDirectory> = stored
            .iter()
            .filter(|(path, _)| !self.covers(path))
            .map(|(path, walked)| write(path, walked))
            .collect();
        let walked = self.walked.iter();
        directories.extend(walked.map(|entry| write(entry.key(), entry.value())));
        directories.sort_by(|a, b| a.path.cmp(&b.path));
        directories.dedup_by(|a, b| a.path == b.path);
        proto::WalkedDirectories { directories }
    }
}

fn list(directory: &WorkspacePath, seen: &Seen) -> Result<Option<Walked>, Diagnostic> {
    let listing = seen.listing(directory).map_err(|error| {
        diagnostic(&error).hint("name the directory in `[build] ignore` to leave it out")
    })?;
    Ok(listing.map(|listing| Walked {
        stamp: listing.stamp,
        recorded: seen.recorded(),
        is_package: listing.build_file(&seen.workspace).is_some(),
        subdirectories: listing
            .entries
            .iter()
            // What is not UTF-8 cannot be part of a label.
            .filter(|entry| entry.kind == FileKind::Directory && entry.is_utf8)
            .map(|entry| entry.name.clone())
            .collect(),
    }))
}

fn cannot_be_named(directory: &WorkspacePath, reason: &str) -> Event {
    let message = format!("the directory `{directory}` holds a BUILD file but cannot be a package");
    Event::Diagnostic(
        Diagnostic::warning(message)
            .note(reason.to_owned())
            .hint("rename it, or name it in `[build] ignore`"),
    )
}

fn write(path: &WorkspacePath, walked: &Walked) -> proto::WalkedDirectory {
    proto::WalkedDirectory {
        path: path.as_str().to_owned(),
        stamp: Some(walked.stamp.write()),
        recorded: walked.recorded,
        package: walked.is_package,
        subdirectories: walked.subdirectories.clone(),
    }
}

fn read(stored: &proto::WalkedDirectories) -> HashMap<WorkspacePath, Walked> {
    let directory = |directory: &proto::WalkedDirectory| {
        let walked = Walked {
            stamp: Stamp::read(directory.stamp.as_ref()?)?,
            recorded: directory.recorded,
            is_package: directory.package,
            subdirectories: directory.subdirectories.clone(),
        };
        Some((WorkspacePath::from_normalised(&directory.path)?, walked))
    };
    stored.directories.iter().filter_map(directory).collect()
}
