//! Makes room for an output: removes what stands in its way, and from a
//! directory output what does not belong to it.

use std::collections::HashSet;
use std::path::Path;

use crate::sys::fs::{self, FsResult};

/// Makes `directory`, which lies below `base`, a real directory: a file or link
/// on the way is removed.
pub fn make_directory(base: &Path, directory: &Path) -> FsResult<()> {
    match fs::symlink_metadata(directory)? {
        Some(status) if status.is_dir() => return Ok(()),
        Some(_) => fs::remove_file(directory)?,
        None => {
            if let Some(parent) = directory.parent()
                && directory != base
            {
                make_directory(base, parent)?;
            }
        }
    }
    fs::create_dir_all(directory)
}

/// Removes whatever stands at `path` if it is a directory, so that a file can
/// be renamed there.
pub fn clear_for_file(path: &Path) -> FsResult<()> {
    match fs::symlink_metadata(path)? {
        Some(status) if status.is_dir() => fs::remove_dir_all(path),
        _ => Ok(()),
    }
}

/// Removes from below `directory` everything that `expected` does not hold.
pub fn remove_strangers(directory: &Path, expected: &HashSet<&Path>) -> FsResult<()> {
    let mut pending = vec![directory.to_path_buf()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry.path();
            let is_directory = fs::symlink_metadata(&path)?.is_some_and(|status| status.is_dir());
            match (expected.contains(path.as_path()), is_directory) {
                (true, true) => pending.push(path),
                (true, false) => {}
                (false, true) => fs::remove_dir_all(&path)?,
                (false, false) => fs::remove_file(&path)?,
            }
        }
    }
    Ok(())
}
