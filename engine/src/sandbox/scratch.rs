//! Removal of an action's scratch directory on disk.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::sys::fs::{self, FsResult};

/// Removes the directory of a [`super::Scratch::Disk`] with all it holds, once
/// the action is over; one that is not there is fine.
///
/// An overlay leaves a directory behind that nobody may enter, not even its
/// owner, and actions leave such directories too; those are opened up first.
pub fn remove_scratch(directory: &Path) -> FsResult<()> {
    if fs::remove_dir_all(directory).is_ok() {
        return Ok(());
    }
    open_up(directory)?;
    fs::remove_dir_all(directory)
}

/// Makes every directory in `root` one that its owner may empty.
fn open_up(root: &Path) -> FsResult<()> {
    let mut pending = vec![root.to_path_buf()];
    while let Some(directory) = pending.pop() {
        fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&directory)? {
            let kind = fs::named("examine", &entry.path(), entry.file_type())?;
            if kind.is_dir() {
                pending.push(entry.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::remove_scratch;
    use crate::sys::fs;

    #[test]
    fn removes_directories_that_nobody_may_enter() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = parent.path().join("scratch");
        let closed = scratch.join("work/work");
        fs::create_dir_all(&closed.join("inside")).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
        remove_scratch(&scratch).unwrap();
        assert!(!scratch.exists());
        remove_scratch(&scratch).unwrap();
    }
}
