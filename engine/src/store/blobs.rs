//! Large contents as files that never change, named by their digest.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use kiln_plugin_abi::Digest;

use super::layout::Layout;
use crate::content::ContentHasher;
use crate::sys::frozen::{create_new, freeze, link_open, touch};
use crate::sys::fs::{self, FsError, FsResult};
use crate::sys::stat::{EntryKind, status_of, status_of_open};

const BUFFER: usize = 256 * 1024;

/// The directory of large contents.
#[derive(Debug)]
pub(super) struct Blobs {
    layout: Layout,
    /// Where this run writes what has no name yet.
    temporary: PathBuf,
    next: AtomicU64,
}

/// What putting a blob did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It is new.
    Added(Digest),
    /// It was there.
    Known(Digest),
}

impl Blobs {
    pub(super) fn new(layout: &Layout, temporary: PathBuf) -> Blobs {
        Blobs {
            layout: layout.clone(),
            temporary,
            next: AtomicU64::new(0),
        }
    }

    /// Takes the content of an open file, from its start. The file itself
    /// becomes the blob when it lies on the store's file system and has but one
    /// name; it is read-only from then on. Otherwise its bytes are copied.
    pub(super) fn put_file(&self, file: &File, executable: bool) -> FsResult<Put> {
        let temporary = self.temporary_path()?;
        let before = self.examine(file)?;
        let adoptable = file.metadata().is_ok_and(|status| status.nlink() == 1)
            && link_open(file, &temporary).is_ok();
        if !adoptable {
            let mut source = FileAt { file, offset: 0 };
            return self.put_reader(&mut source, executable);
        }
        let digest = hash(file).map_err(|error| FsError::new("read", &temporary, error));
        let unchanged = self.examine(file)?;
        let digest = match digest {
            Ok(digest) if unchanged.stat.mtime_ns == before.stat.mtime_ns => digest,
            outcome => {
                fs::remove_file(&temporary)?;
                outcome?;
                let error = io::Error::other("it is still being written");
                return Err(FsError::new("store", temporary, error));
            }
        };
        self.name(file, &temporary, &digest, executable)
    }

    /// Takes what `source` gives.
    pub(super) fn put_reader(&self, source: &mut dyn io::Read, executable: bool) -> FsResult<Put> {
        let temporary = self.temporary_path()?;
        let file = create_new(&temporary)?;
        let copied = copy(source, &file).map_err(|error| FsError::new("write", &temporary, error));
        match copied {
            Ok(digest) => self.name(&file, &temporary, &digest, executable),
            Err(error) => {
                fs::remove_file(&temporary)?;
                Err(error)
            }
        }
    }

    /// Opens a blob and checks its length.
    pub(super) fn open(
        &self,
        digest: &Digest,
        executable: bool,
    ) -> FsResult<Option<(PathBuf, File)>> {
        let path = self.layout.blob(digest, executable);
        let file = match crate::sys::open::open_no_follow(&path) {
            Err(error) if error.is_not_found() => return Ok(None),
            opened => opened?,
        };
        let status = fs::named("examine", &path, status_of_open(&file))?;
        let sound = status.kind == EntryKind::File && status.stat.size == digest.size();
        Ok(sound.then_some((path, file)))
    }

    /// True when there is a blob of the right length.
    pub(super) fn contains(&self, digest: &Digest, executable: bool) -> bool {
        has_size(&self.layout.blob(digest, executable), digest.size())
    }

    /// Removes a blob that turned out to be damaged.
    pub(super) fn remove(&self, digest: &Digest, executable: bool) -> FsResult<()> {
        fs::remove_file(&self.layout.blob(digest, executable))
    }

    /// Gives a complete file its final mode and name.
    fn name(
        &self,
        file: &File,
        temporary: &Path,
        digest: &Digest,
        executable: bool,
    ) -> FsResult<Put> {
        let path = self.layout.blob(digest, executable);
        if has_size(&path, digest.size()) && touch(&path).is_ok() {
            fs::remove_file(temporary)?;
            return Ok(Put::Known(*digest));
        }
        freeze(file, executable, temporary)?;
        match fs::rename(temporary, &path) {
            Err(error) if error.is_not_found() => {
                if let Some(directory) = path.parent() {
                    fs::create_dir_all(directory)?;
                }
                fs::rename(temporary, &path)?;
            }
            renamed => renamed?,
        }
        Ok(Put::Added(*digest))
    }

    fn temporary_path(&self) -> FsResult<PathBuf> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number == 0 {
            fs::create_dir_all(&self.temporary)?;
        }
        Ok(self.temporary.join(number.to_string()))
    }

    fn examine(&self, file: &File) -> FsResult<crate::sys::stat::FileStatus> {
        fs::named("examine a file for", &self.temporary, status_of_open(file))
    }
}

fn has_size(path: &Path, size: u64) -> bool {
    status_of(path).is_ok_and(|status| status.kind == EntryKind::File && status.stat.size == size)
}

/// The digest of an open file, read from its start.
pub(super) fn hash(file: &File) -> io::Result<Digest> {
    copy(&mut FileAt { file, offset: 0 }, io::sink())
}

fn copy(source: &mut dyn io::Read, mut out: impl io::Write) -> io::Result<Digest> {
    let mut hasher = ContentHasher::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish().digest),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                out.write_all(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads an open file without moving its position.
pub(super) struct FileAt<'a> {
    pub(super) file: &'a File,
    pub(super) offset: u64,
}

impl io::Read for FileAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
