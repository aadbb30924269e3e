//! Walks a tree that an untrusted process wrote, through an open directory and
//! without following a link.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, openat, readlinkat, statat};

/// Deepest nesting walked; also bounds how many directories are open at once.
const DEEPEST: usize = 2_000;

/// What was found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A regular file.
    File {
        /// Its length in bytes.
        size: u64,
        /// The owner's exec bit.
        executable: bool,
    },
    /// A symbolic link with its text.
    Link(Vec<u8>),
    /// A directory; what it holds is reported too.
    Directory {
        /// It hides the directory of the same name in the layers below.
        is_opaque: bool,
    },
    /// The mark that an overlay keeps for something deleted from below.
    Whiteout,
    /// Something that is none of these, by its name.
    Other(&'static str),
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEntry {
    /// Path below the start.
    pub path: String,
    /// What it is.
    pub found: Found,
}

/// Everything found by a walk, sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundTree(Vec<FoundEntry>);

impl FoundTree {
    /// All entries.
    #[must_use]
    pub fn entries(&self) -> &[FoundEntry] {
        &self.0
    }

    /// What was found at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&FoundEntry> {
        let at = self
            .0
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()?;
        Some(&self.0[at])
    }

    /// What was found below the directory `path`.
    #[must_use]
    pub fn below(&self, path: &str) -> &[FoundEntry] {
        let prefix = format!("{path}/");
        let start = self.0.partition_point(|entry| entry.path < prefix);
        let length = self.0[start..].partition_point(|entry| entry.path.starts_with(&prefix));
        &self.0[start..start + length]
    }
}

/// Walks everything below an open directory. A name that is not UTF-8 is an
/// error of kind `InvalidData`.
pub fn walk(start: BorrowedFd<'_>) -> io::Result<FoundTree> {
    let mut entries = Vec::new();
    let mut pending = vec![(String::new(), open_directory(start, ".")?)];
    while let Some((prefix, directory)) = pending.pop() {
        for name in names(&directory)? {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}/{name}")
            };
            let status = statat(&directory, name.as_str(), AtFlags::SYMLINK_NOFOLLOW)?;
            let found = examine(directory.as_fd(), &name, &status)?;
            if let Found::Directory { .. } = found {
                if path.matches('/').count() >= DEEPEST {
                    let message = format!("`{path}` is nested more than {DEEPEST} levels deep");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                pending.push((path.clone(), open_directory(directory.as_fd(), &name)?));
            }
            entries.push(FoundEntry { path, found });
        }
    }
    entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(FoundTree(entries))
}

/// Opens a regular file found by [`walk`].
pub fn open_found(start: BorrowedFd<'_>, path: &str) -> io::Result<File> {
    super::open::open_without_links(start, Path::new(path))
}

fn open_directory(at: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(at, name, flags, Mode::empty())?)
}

fn names(directory: &OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        match entry.file_name().to_str() {
            Ok("." | "..") => {}
            Ok(name) => names.push(name.to_owned()),
            Err(_) => {
                let shown = entry.file_name().to_string_lossy().into_owned();
                let message = format!("the file name {shown:?} is not UTF-8");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
    }
    Ok(names)
}

fn examine(directory: BorrowedFd<'_>, name: &str, status: &Stat) -> io::Result<Found> {
    Ok(match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => Found::File {
            size: status.st_size as u64,
            executable: status.st_mode & 0o100 != 0,
        },
        FileType::Symlink => Found::Link(readlinkat(directory, name, Vec::new())?.into_bytes()),
        FileType::Directory => Found::Directory {
            is_opaque: is_opaque(directory, name),
        },
        FileType::CharacterDevice if status.st_rdev == 0 => Found::Whiteout,
        FileType::CharacterDevice | FileType::BlockDevice => Found::Other("a device"),
        FileType::Fifo => Found::Other("a FIFO"),
        FileType::Socket => Found::Other("a socket"),
        FileType::Unknown => Found::Other("a file of unknown type"),
    })
}

/// Without the attribute, or without attributes at all, nothing is hidden.
fn is_opaque(directory: BorrowedFd<'_>, name: &str) -> bool {
    let mut value = [0; 1];
    let Ok(opened) = open_directory(directory, name) else {
        return false;
    };
    let length = rustix::fs::fgetxattr(&opened, "user.overlay.opaque", &mut value[..]);
    matches!(length, Ok(1)) && value == *b"y"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_reported_and_no_link_followed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        super::super::fs::create_dir_all(&root.join("a/b")).unwrap();
        super::super::fs::write(&root.join("a/f"), b"xyz").unwrap();
        std::os::unix::fs::symlink("/etc", root.join("a/l")).unwrap();
        let opened = rustix::fs::open(root, OFlags::DIRECTORY, Mode::empty()).unwrap();
        let tree = walk(opened.as_fd()).unwrap();
        let entries = tree.entries();
        let paths: Vec<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(paths, ["a", "a/b", "a/f", "a/l"]);
        assert_eq!(
            entries[2].found,
            Found::File {
                size: 3,
                executable: false
            }
        );
        assert_eq!(entries[3].found, Found::Link(b"/etc".to_vec()));
        assert_eq!(tree.get("a/f"), Some(&entries[2]));
        assert_eq!(tree.below("a"), &entries[1..]);
    }
}
