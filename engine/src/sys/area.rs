//! A directory that this run alone writes: files are written into it once, and
//! trees for actions are made of hard links to them.
//!
//! All paths are relative to the directory, which is held open: it may lie in
//! a mount that has no path in the engine's own view.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, futimens, linkat, mkdirat, openat, symlinkat,
    unlinkat, utimensat,
};
use rustix::io::Errno;

use super::fs::{FsError, FsResult};

/// The constant modification time of everything that an action sees, in
/// seconds: 1980-01-01, the oldest date that all archive formats can hold.
pub const CONSTANT_TIME: i64 = 315_532_800;

/// Largest piece copied at a time.
const BUFFER: usize = 128 * 1024;

/// An open directory for run-private files.
#[derive(Debug)]
pub struct Area {
    directory: OwnedFd,
    shown: PathBuf,
}

impl Area {
    /// An area in an open directory; `shown` stands for it in messages.
    #[must_use]
    pub fn new(directory: OwnedFd, shown: impl Into<PathBuf>) -> Area {
        Area {
            directory,
            shown: shown.into(),
        }
    }

    /// An area in an existing directory.
    pub fn open(path: &Path) -> FsResult<Area> {
        let directory = super::open::open_directory(path)?;
        Ok(Area::new(directory.into(), path))
    }

    /// The directory, for calls that take relative paths.
    #[must_use]
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// The area's path as shown in messages; for an area on disk, its real path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// Creates one directory; one that is there already is fine.
    pub fn make_dir(&self, path: &str) -> FsResult<()> {
        match mkdirat(&self.directory, path, Mode::from_raw_mode(0o755)) {
            Err(Errno::EXIST) => Ok(()),
            result => self.named("create directory", path, result),
        }
    }

    /// Writes a new file from `content`, with its final mode and time.
    pub fn write_file(
        &self,
        path: &str,
        executable: bool,
        content: &mut dyn Read,
    ) -> FsResult<u64> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o555 } else { 0o444 });
        let opened = openat(&self.directory, path, flags, mode);
        let mut file = File::from(self.named("create", path, opened)?);
        let mut buffer = vec![0; BUFFER];
        let mut written = 0;
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(FsError::new("read for", self.shown.join(path), error)),
            };
            file.write_all(&buffer[..count])
                .map_err(|error| FsError::new("write", self.shown.join(path), error))?;
            written += count as u64;
        }
        self.named("date", path, futimens(&file, &constant_times()))?;
        Ok(written)
    }

    /// Opens a file for reading.
    pub fn open_file(&self, path: &str) -> FsResult<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(&self.directory, path, flags, Mode::empty());
        Ok(File::from(self.named("open", path, opened)?))
    }

    /// Gives the file at `from` a second name.
    pub fn link(&self, from: &str, to: &str) -> FsResult<()> {
        let linked = linkat(&self.directory, from, &self.directory, to, AtFlags::empty());
        self.named("link", to, linked)
    }

    /// Gives a file outside of the area, on the same file system, a name in it.
    pub fn link_from(&self, from: &Path, to: &str) -> FsResult<()> {
        let linked = linkat(CWD, from, &self.directory, to, AtFlags::empty());
        self.named("link", to, linked)
    }

    /// Creates a symbolic link.
    pub fn make_symlink(&self, text: &str, path: &str) -> FsResult<()> {
        self.named("create link", path, symlinkat(text, &self.directory, path))?;
        self.set_constant_time(path)
    }

    /// Gives a file, link or directory the constant modification time.
    pub fn set_constant_time(&self, path: &str) -> FsResult<()> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let dated = utimensat(&self.directory, path, &constant_times(), flags);
        self.named("date", path, dated)
    }

    /// Removes a file or link; one that is not there is fine.
    pub fn remove_file(&self, path: &str) -> FsResult<()> {
        match unlinkat(&self.directory, path, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            result => self.named("remove", path, result),
        }
    }

    /// Removes an empty directory.
    pub fn remove_dir(&self, path: &str) -> FsResult<()> {
        let removed = unlinkat(&self.directory, path, AtFlags::REMOVEDIR);
        self.named("remove directory", path, removed)
    }

    fn named<T>(
        &self,
        operation: &'static str,
        path: &str,
        result: Result<T, Errno>,
    ) -> FsResult<T> {
        result.map_err(|error| FsError::new(operation, self.shown.join(path), error.into()))
    }
}

fn constant_times() -> Timestamps {
    let time = Timespec {
        tv_sec: CONSTANT_TIME,
        tv_nsec: 0,
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn area(directory: &Path) -> Area {
        let open = rustix::fs::open(
            directory,
            OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        Area::new(open.unwrap(), directory)
    }

    #[test]
    fn a_tree_of_links_shares_the_file_and_its_date() {
        let directory = tempfile::tempdir().unwrap();
        let area = area(directory.path());
        area.make_dir("tree").unwrap();
        area.make_dir("tree").unwrap();
        let written = area.write_file("f", true, &mut &b"content"[..]).unwrap();
        area.link("f", "tree/name").unwrap();
        let status = directory.path().join("tree/name").metadata().unwrap();
        assert_eq!(
            (written, status.len(), status.mtime()),
            (7, 7, CONSTANT_TIME)
        );
        assert_eq!((status.nlink(), status.mode() & 0o7777), (2, 0o555));
    }

    #[test]
    fn an_error_names_the_path() {
        let directory = tempfile::tempdir().unwrap();
        let area = area(directory.path());
        let error = area.link("absent", "name").unwrap_err().to_string();
        assert!(
            error.contains("name") && error.contains("No such file"),
            "{error}"
        );
    }
}
