//! What is remembered about one regular file: its bytes and how to notice that
//! they are others now.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use kiln_plugin_abi::Digest;

use super::hasher::{ContentHash, ContentHasher};
use super::source::SourceError;
use crate::sys::fs::FsError;
use crate::sys::open::open_no_follow;
use crate::sys::stat::{EntryKind, FileStat, FileStatus, status_of, status_of_open};

/// Most bytes taken from a file at a time.
const BUFFER: u64 = 256 * 1024;

/// A regular file's content, exec bit and stat at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// The content's identity.
    pub digest: Digest,
    /// Recognises the content when it is read again.
    pub xxh3: u128,
    /// The owner's execute bit.
    pub executable: bool,
    /// What `statx` said before and after the content was read.
    pub stat: FileStat,
}

/// Fingerprints the regular file at `path`. A link, a directory or a special
/// file is an error and is not opened, so that nothing can block.
pub fn fingerprint_file(path: &Path) -> Result<Fingerprint, SourceError> {
    let before = status_of(path)?;
    if before.kind != EntryKind::File {
        return Err(SourceError::NotRegular {
            path: path.to_owned(),
            kind: before.kind,
        });
    }
    fingerprint_open(&mut open_no_follow(path)?, &before, path)
}

/// Hashes an open file that `before` describes. The file must be the same one,
/// unchanged, when the last byte has been read.
pub(super) fn fingerprint_open(
    file: &mut File,
    before: &FileStatus,
    path: &Path,
) -> Result<Fingerprint, SourceError> {
    let hash =
        hash_exactly(file, before.stat.size).map_err(|error| FsError::new("read", path, error))?;
    let after = status_of_open(file).map_err(|error| FsError::new("examine", path, error))?;
    match hash {
        Some(hash) if after == *before => Ok(Fingerprint {
            digest: hash.digest,
            xxh3: hash.xxh3,
            executable: before.executable,
            stat: before.stat,
        }),
        _ => Err(SourceError::ChangedWhileRead {
            path: path.to_owned(),
        }),
    }
}

/// Hashes the first `size` bytes; `None` when there are fewer. That there are
/// no more is for the caller's second `statx` to tell, which saves a read.
fn hash_exactly(file: &mut File, size: u64) -> io::Result<Option<ContentHash>> {
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; usize::try_from(size.min(BUFFER)).unwrap_or(usize::MAX)];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        match file.read(&mut buffer[..wanted]) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                left -= count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(hasher.finish()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::sys::fs;

    #[test]
    fn a_fingerprint_holds_content_length_and_exec_bit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tool");
        let bytes = vec![7; 300_001];
        fs::write(&path, &bytes).unwrap();
        let plain = fingerprint_file(&path).unwrap();
        assert_eq!(plain.digest, Digest::of(&bytes));
        assert_eq!(plain.xxh3, ContentHash::of(&bytes).xxh3);
        assert_eq!(plain.stat.size, 300_001);
        assert!(!plain.executable);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(fingerprint_file(&path).unwrap().executable);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_by_kind_without_blocking() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        rustix::fs::mkfifoat(rustix::fs::CWD, at("fifo"), 0o600.into()).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        symlink("nowhere", at("link")).unwrap();
        fs::create_dir_all(&at("directory")).unwrap();
        let device = Path::new("/dev/null").to_owned();
        for (path, expected) in [
            (at("fifo"), EntryKind::Fifo),
            (at("socket"), EntryKind::Socket),
            (at("link"), EntryKind::Link),
            (at("directory"), EntryKind::Directory),
            (device, EntryKind::Device),
        ] {
            match fingerprint_file(&path) {
                Err(SourceError::NotRegular { kind, .. }) => assert_eq!(kind, expected),
                other => panic!("{}: {other:?}", path.display()),
            }
        }
    }

    #[test]
    fn a_file_that_is_another_one_after_reading_has_no_fingerprint() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        fs::write(&path, b"one").unwrap();
        let mut before = status_of(&path).unwrap();
        before.stat.ctime_ns -= 1;
        let result = fingerprint_open(&mut fs::open(&path).unwrap(), &before, &path);
        assert!(matches!(result, Err(SourceError::ChangedWhileRead { .. })));
        before.stat.size += 1;
        let result = fingerprint_open(&mut fs::open(&path).unwrap(), &before, &path);
        assert!(matches!(result, Err(SourceError::ChangedWhileRead { .. })));
    }
}
