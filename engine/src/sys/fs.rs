//! File system calls whose errors name the operation and the path.
//!
//! Everything in the engine that touches a file by path goes through here, so
//! that no error reads "No such file or directory" without saying which.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place that calls std::fs"
)]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// An I/O error with what was tried and on which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}", path.display())]
pub struct FsError {
    /// What was tried, as a verb: "read", "rename", …
    pub operation: &'static str,
    /// The path it was tried on.
    pub path: PathBuf,
    /// The operating system's answer.
    #[source]
    pub source: io::Error,
}

impl FsError {
    /// Ties `source` to the operation and path that it came from.
    pub fn new(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        FsError {
            operation,
            path: path.into(),
            source,
        }
    }

    /// True when the path, or a directory on the way to it, does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    }
}

/// The result of a call of this module.
pub type FsResult<T> = Result<T, FsError>;

/// Names `operation` and `path` in whatever error `result` carries.
pub fn named<T>(operation: &'static str, path: &Path, result: io::Result<T>) -> FsResult<T> {
    result.map_err(|source| FsError::new(operation, path, source))
}

/// Reads a whole file.
pub fn read(path: &Path) -> FsResult<Vec<u8>> {
    named("read", path, fs::read(path))
}

/// Opens a file for reading.
pub fn open(path: &Path) -> FsResult<File> {
    named("open", path, File::open(path))
}

/// Creates or truncates a file for writing.
pub fn create(path: &Path) -> FsResult<File> {
    named("create", path, File::create(path))
}

/// Replaces a file's contents; not atomic, see [`write_atomically`].
pub fn write(path: &Path, bytes: &[u8]) -> FsResult<()> {
    named("write", path, fs::write(path, bytes))
}

/// Writes `bytes` beside `path` and renames the result over it, so that a
/// reader sees the old contents or the new, never a part.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> FsResult<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    create_dir_all(directory)?;
    let temporary = named(
        "create a temporary file in",
        directory,
        tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(directory),
    )?;
    named(
        "write",
        temporary.path(),
        fs::write(temporary.path(), bytes),
    )?;
    temporary
        .persist(path)
        .map(drop)
        .map_err(|error| FsError::new("replace", path, error.error))
}

/// Creates a directory and its parents; one that is there already is fine.
pub fn create_dir_all(path: &Path) -> FsResult<()> {
    named("create directory", path, fs::create_dir_all(path))
}

/// Renames `from` to `to`, replacing a file at `to`.
pub fn rename(from: &Path, to: &Path) -> FsResult<()> {
    named("rename to", to, fs::rename(from, to))
}

/// Removes a file; one that is not there is fine.
pub fn remove_file(path: &Path) -> FsResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => named("remove", path, result),
    }
}

/// Removes a directory with all it holds, without following links; one that is
/// not there is fine.
pub fn remove_dir_all(path: &Path) -> FsResult<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => named("remove directory", path, result),
    }
}

/// The entries of a directory, in no particular order.
pub fn read_dir(path: &Path) -> FsResult<Vec<fs::DirEntry>> {
    let entries = named("list", path, fs::read_dir(path))?;
    named("list", path, entries.collect())
}

/// What lies at `path`, a link not followed; `None` when nothing does.
pub fn symlink_metadata(path: &Path) -> FsResult<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        result => named("examine", path, result).map(Some),
    }
}

/// The absolute path of what lies at `path`, all links followed.
pub fn canonicalize(path: &Path) -> FsResult<PathBuf> {
    named("resolve", path, fs::canonicalize(path))
}

/// Changes the permission bits of a file or directory, a link followed.
pub fn set_permissions(path: &Path, permissions: fs::Permissions) -> FsResult<()> {
    named(
        "change the permissions of",
        path,
        fs::set_permissions(path, permissions),
    )
}

/// The executable regular file that `path` leads to, all links resolved;
/// `None` when it leads to none.
pub fn executable_behind(path: &Path) -> FsResult<Option<PathBuf>> {
    use std::os::unix::fs::PermissionsExt;

    let real = match canonicalize(path) {
        Err(error) if error.is_not_found() => return Ok(None),
        result => result?,
    };
    let status = named("examine", &real, fs::metadata(&real))?;
    let executable = status.is_file() && status.permissions().mode() & 0o111 != 0;
    Ok(executable.then_some(real))
}

/// A new file in `directory`, removed again unless it is persisted.
pub fn temporary_file(directory: &Path) -> FsResult<tempfile::NamedTempFile> {
    let created = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(directory);
    named("create a file in", directory, created)
}

/// A new directory in `parent`, removed with all it holds when dropped.
pub fn temporary_directory(parent: &Path) -> FsResult<tempfile::TempDir> {
    create_dir_all(parent)?;
    let created = tempfile::Builder::new().prefix("run-").tempdir_in(parent);
    named("create a directory in", parent, created)
}

/// Puts a symbolic link at `path`, replacing a file or link there at once;
/// `temporary` is a directory on the same file system.
pub fn symlink_atomically(text: &str, path: &Path, temporary: &Path) -> FsResult<()> {
    let made = tempfile::Builder::new()
        .prefix(".new-")
        .make_in(temporary, |new| std::os::unix::fs::symlink(text, new));
    let link = named("create a link in", temporary, made)?;
    named("replace", path, fs::rename(link.path(), path))?;
    // It is not there any more under its temporary name.
    let _ = link.into_temp_path().keep();
    Ok(())
}
