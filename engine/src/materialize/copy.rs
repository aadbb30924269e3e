//! Copies one content into a file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use kiln_plugin_abi::Digest;

use crate::execute::{ContentError, Contents, OpenContent, changed, open_source};
use crate::store::Content;
use crate::sys::fs::{self, FsResult};

/// Writes a content into `to`, which stands at `path` for messages.
pub fn copy_content(
    contents: &Contents,
    (digest, executable): (Digest, bool),
    to: &mut File,
    path: &Path,
) -> Result<(), ContentError> {
    match contents.open(digest, executable)? {
        OpenContent::Bytes(bytes) => fs::named("write", path, to.write_all(&bytes))?,
        OpenContent::Stored(Content::Bytes(bytes)) => {
            fs::named("write", path, to.write_all(&bytes))?;
        }
        OpenContent::Stored(Content::Blob { file, .. }) | OpenContent::Kept(file) => {
            clone_or_copy(file, to, path)?;
        }
        OpenContent::Source(source) => {
            let mut reader = open_source(source)?;
            fs::named("copy", &source.file, std::io::copy(&mut reader, to))?;
            reader.finish().map_err(|error| changed(source, error))?;
        }
    }
    Ok(())
}

/// Shares the blocks where the file system can; the copy is private all the same.
fn clone_or_copy(mut from: File, to: &mut File, path: &Path) -> FsResult<()> {
    if rustix::fs::ioctl_ficlone(&*to, &from).is_ok() {
        return Ok(());
    }
    fs::named("write", path, std::io::copy(&mut from, to)).map(drop)
}
