//! Whether everything a package's evaluation looked at is still as it was.

use super::directories::Scope;
use super::notes::{DirectoryNote, FileNote, Links, Notes, same_contents};
use super::seen::Seen;
use kiln_plugin_abi::WorkspacePath;

/// What a check of notes found.
#[derive(Debug, PartialEq)]
pub(super) enum Validity {
    /// All is as it was.
    Same,
    /// All that matters is as it was; these notes say so with less effort next
    /// time. They are as of the time at which the run began to examine things.
    Refreshed(Notes),
    /// Something changed, or could not be examined.
    Changed,
}

/// Checks `notes`, which were taken at `recorded`.
pub(super) fn check(notes: &Notes, recorded: i64, seen: &Seen) -> Validity {
    let mut refreshed = Vec::new();
    for (path, note) in &notes.files {
        match check_file(path, note, recorded, seen) {
            Some(None) => {}
            Some(Some(new)) => refreshed.push(Refresh::File(path.clone(), new)),
            None => return Validity::Changed,
        }
    }
    for ((path, scope), note) in &notes.directories {
        match check_directory(path, *scope, note, recorded, seen) {
            Some(None) => {}
            Some(Some(new)) => refreshed.push(Refresh::Directory(path.clone(), *scope, new)),
            None => return Validity::Changed,
        }
    }
    for ((path, links), kind) in &notes.kinds {
        let now = match links {
            Links::Themselves => seen.kind(path),
            Links::Followed => seen.kind_behind_links(path),
        };
        if now.ok() != Some(*kind) {
            return Validity::Changed;
        }
    }
    if refreshed.is_empty() {
        return Validity::Same;
    }
    let mut notes = notes.clone();
    for refresh in refreshed {
        match refresh {
            Refresh::File(path, note) => drop(notes.files.insert(path, note)),
            Refresh::Directory(path, scope, note) => {
                notes.directories.insert((path, scope), note);
            }
        }
    }
    Validity::Refreshed(notes)
}

/// A note that replaces an older one of the same contents.
enum Refresh {
    File(WorkspacePath, FileNote),
    Directory(WorkspacePath, Scope, DirectoryNote),
}

/// `None` when the file changed; else the better note, if there is one.
fn check_file(
    path: &WorkspacePath,
    note: &FileNote,
    recorded: i64,
    seen: &Seen,
) -> Option<Option<FileNote>> {
    let stamp = seen.stamp(path).ok()??;
    if stamp == note.stamp && stamp.is_settled(recorded) {
        return Some(None);
    }
    let file = seen.file(path).ok()??;
    if file.stamp.kind != note.stamp.kind || !same_contents(note, &file.digest) {
        return None;
    }
    let better = file.stamp != note.stamp || file.stamp.is_settled(seen.recorded());
    Some(better.then_some(FileNote {
        stamp: file.stamp,
        ..*note
    }))
}

/// As [`check_file`], for a directory.
fn check_directory(
    path: &WorkspacePath,
    scope: Scope,
    note: &DirectoryNote,
    recorded: i64,
    seen: &Seen,
) -> Option<Option<DirectoryNote>> {
    let stamp = seen.stamp(path).ok()??;
    if stamp == note.stamp && stamp.is_settled(recorded) {
        return Some(None);
    }
    let listing = seen.listing(path).ok()??;
    if listing.hash(scope) != note.listing {
        return None;
    }
    let better = listing.stamp != note.stamp || listing.stamp.is_settled(seen.recorded());
    Some(better.then_some(DirectoryNote {
        stamp: listing.stamp,
        ..*note
    }))
}

#[cfg(test)]
mod tests;
