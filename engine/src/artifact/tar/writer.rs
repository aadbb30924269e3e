//! Writes the canonical tar of a listing, streaming.

use std::io::{self, Read, Write};

use kiln_plugin_abi::{Digest, WorkspacePath};

use super::header::{BLOCK, Kind, Member};
use super::{TarError, members};
use crate::artifact::{Entry, Listing};
use crate::content::ContentHasher;

/// Where the bytes of a listing's files come from.
pub trait ContentSource {
    /// Opens the content `digest`; `executable` as in the listing's entry.
    fn open(&self, digest: &Digest, executable: bool) -> io::Result<Box<dyn Read + '_>>;
}

/// Writes `listing` with the bytes of `source` to `out`, and answers the
/// archive's digest. All content is checked on its way; after an error what was
/// written is of no use.
pub fn write(
    listing: &Listing,
    source: &impl ContentSource,
    out: impl Write,
) -> Result<Digest, TarError> {
    let mut archive = Archive {
        out,
        hasher: ContentHasher::new(),
    };
    for (path, entry) in members(listing) {
        let kind = match entry {
            None | Some(Entry::Directory) => Kind::Directory,
            Some(Entry::Link { target }) => Kind::Link {
                target: target.to_string(),
            },
            Some(Entry::File { digest, executable }) => Kind::File {
                size: digest.size(),
                executable: *executable,
            },
        };
        let path = path.to_owned();
        archive.put(
            &Member {
                path: path.clone(),
                kind,
            }
            .encode(),
        )?;
        if let Some(Entry::File { digest, executable }) = entry {
            let path = WorkspacePath::root().join(&path);
            let content = source.open(digest, *executable);
            let content = content.map_err(|source| named(&path, source))?;
            archive.put_content(content, digest, &path)?;
        }
    }
    archive.put(&[0; 2 * BLOCK])?;
    archive
        .out
        .flush()
        .map_err(|source| named(&WorkspacePath::root(), source))?;
    Ok(archive.hasher.finish().digest)
}

struct Archive<W> {
    out: W,
    hasher: ContentHasher,
}

impl<W: Write> Archive<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), TarError> {
        self.hasher.update(bytes);
        self.out
            .write_all(bytes)
            .map_err(|source| named(&WorkspacePath::root(), source))
    }

    fn put_content(
        &mut self,
        content: impl Read,
        digest: &Digest,
        path: &WorkspacePath,
    ) -> Result<(), TarError> {
        let mut content = content.take(digest.size().saturating_add(1));
        let mut hasher = ContentHasher::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(named(path, error)),
            };
            hasher.update(&buffer[..count]);
            self.put(&buffer[..count])?;
        }
        if hasher.finish().digest != *digest {
            return Err(TarError::WrongContent { path: path.clone() });
        }
        self.put(&[0; BLOCK][..padding(digest.size())])
    }
}

/// Number of bytes from the end of `size` bytes to the next block.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

fn named(path: &WorkspacePath, source: io::Error) -> TarError {
    TarError::Io {
        path: path.clone(),
        source,
    }
}
