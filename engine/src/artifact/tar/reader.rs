//! Reads a canonical tar, and nothing else.

use std::io::{self, Read};

use kiln_plugin_abi::WorkspacePath;

use super::header::{BLOCK, Fields, Kind, MOST_RECORDS, Member, Records};
use super::writer::padding;
use super::{TarError, members};
use crate::artifact::tree::MOST_ENTRIES;
use crate::artifact::{Entry, Listing};
use crate::content::ContentHasher;

/// Takes the files of an archive as they come.
///
/// Nothing that it was given is good before [`read`] returned the listing.
pub trait Sink {
    /// Takes the file at `path`; what of `content` is left unread is skipped.
    fn file(
        &mut self,
        path: &WorkspacePath,
        executable: bool,
        content: &mut dyn Read,
    ) -> io::Result<()>;
}

/// Reads an archive to its end, giving each file to `sink`, and answers the
/// listing it was made of. Memory is bounded by the number of members, never by
/// a size that a header claims.
pub fn read(input: impl Read, sink: &mut dyn Sink) -> Result<Listing, TarError> {
    let mut archive = Archive { input, offset: 0 };
    let mut entries: Vec<(WorkspacePath, Entry)> = Vec::new();
    while let Some(member) = archive.member()? {
        let Some(path) = WorkspacePath::from_normalised(&member.path) else {
            return Err(archive.malformed("a path is not allowed"));
        };
        if entries
            .last()
            .is_some_and(|(previous, _)| *previous >= path)
        {
            return Err(archive.malformed("members are not sorted, or one comes twice"));
        }
        if entries.len() >= MOST_ENTRIES {
            return Err(archive.malformed("too many members"));
        }
        let entry = match member.kind {
            Kind::Directory => Entry::Directory,
            Kind::Link { target } => Entry::Link {
                target: target.into(),
            },
            Kind::File { size, executable } => archive.file(&path, size, executable, sink)?,
        };
        entries.push((path, entry));
    }
    let paths: Vec<WorkspacePath> = entries.iter().map(|(path, _)| path.clone()).collect();
    let listing = Listing::new(entries)?;
    if !members(&listing)
        .iter()
        .map(|(path, _)| *path)
        .eq(paths.iter().map(WorkspacePath::as_str))
    {
        return Err(archive.malformed("a directory has no member of its own"));
    }
    Ok(listing)
}

struct Archive<R> {
    input: R,
    offset: u64,
}

impl<R: Read> Archive<R> {
    /// The next header; `None` at the proper end of the archive.
    fn member(&mut self) -> Result<Option<Member>, TarError> {
        let mut raw = self.block()?.to_vec();
        if raw.iter().all(|byte| *byte == 0) {
            return self.end().map(|()| None);
        }
        let mut fields = self.fields(&raw)?;
        let mut records = Records::default();
        if fields.kind == b'x' {
            if fields.size > MOST_RECORDS {
                return Err(self.malformed("PAX records are too long"));
            }
            let body = raw.len();
            for _ in 0..fields.size.div_ceil(BLOCK as u64) {
                raw.extend(self.block()?);
            }
            let length = usize::try_from(fields.size).unwrap_or_default();
            records = Records::parse(&raw[body..body + length])
                .ok_or_else(|| self.malformed("PAX records are not understood"))?;
            let block = self.block()?;
            fields = self.fields(&block)?;
            raw.extend(block);
        }
        let member = understand(fields, records)
            .ok_or_else(|| self.malformed("a member is of a kind that is not allowed"))?;
        if member.encode() != raw {
            return Err(self.malformed("a header is not in canonical form"));
        }
        Ok(Some(member))
    }

    fn file(
        &mut self,
        path: &WorkspacePath,
        size: u64,
        executable: bool,
        sink: &mut dyn Sink,
    ) -> Result<Entry, TarError> {
        let mut content = Content {
            input: (&mut self.input).take(size),
            hasher: ContentHasher::new(),
        };
        sink.file(path, executable, &mut content)
            .and_then(|()| io::copy(&mut content, &mut io::sink()))
            .map_err(|source| TarError::Io {
                path: path.clone(),
                source,
            })?;
        let digest = content.hasher.finish().digest;
        self.offset += digest.size();
        if digest.size() != size {
            return Err(self.malformed("the archive ends within a file"));
        }
        let mut pad = [0; BLOCK];
        let pad = &mut pad[..padding(size)];
        self.fill(pad)?;
        if pad.iter().any(|byte| *byte != 0) {
            return Err(self.malformed("padding is not zero"));
        }
        Ok(Entry::File { digest, executable })
    }

    /// After one block of zeros: another one, and nothing more.
    fn end(&mut self) -> Result<(), TarError> {
        if self.block()?.iter().any(|byte| *byte != 0) {
            return Err(self.malformed("a single block of zeros"));
        }
        let mut more = [0];
        let trailing = self
            .input
            .read(&mut more)
            .map_err(|error| self.failed(error))?;
        if trailing != 0 {
            return Err(self.malformed("something follows the end of the archive"));
        }
        Ok(())
    }

    fn fields(&self, block: &[u8]) -> Result<Fields, TarError> {
        block
            .try_into()
            .ok()
            .and_then(Fields::of)
            .ok_or_else(|| self.malformed("a number is not octal"))
    }

    fn block(&mut self) -> Result<[u8; BLOCK], TarError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), TarError> {
        self.offset += buffer.len() as u64;
        self.input.read_exact(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                self.malformed("the archive ends too early")
            } else {
                self.failed(error)
            }
        })
    }

    fn failed(&self, source: io::Error) -> TarError {
        TarError::Io {
            path: WorkspacePath::root(),
            source,
        }
    }

    fn malformed(&self, reason: &'static str) -> TarError {
        TarError::Malformed {
            reason,
            offset: self.offset,
        }
    }
}

/// What a header and its PAX records mean together. Whether each of them had to
/// be there comes out when the member is encoded again.
fn understand(fields: Fields, records: Records) -> Option<Member> {
    let path = match records.path {
        Some(path) => path,
        None => String::from_utf8(fields.name).ok()?,
    };
    let (path, kind) = match fields.kind {
        b'0' => {
            let kind = Kind::File {
                size: records.size.unwrap_or(fields.size),
                executable: fields.executable,
            };
            (path, kind)
        }
        b'2' => {
            let target = match records.link {
                Some(link) => link,
                None => String::from_utf8(fields.link).ok()?,
            };
            (path, Kind::Link { target })
        }
        b'5' => (path.strip_suffix('/')?.to_owned(), Kind::Directory),
        _ => return None,
    };
    Some(Member { path, kind })
}

/// A file's content on its way to a sink.
struct Content<R> {
    input: io::Take<R>,
    hasher: ContentHasher,
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
