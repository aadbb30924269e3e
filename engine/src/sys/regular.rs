//! Reading a file that must be a regular one, without ever blocking on what
//! stands in its place.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::fs::{FsResult, named};

/// Reads a regular file of at most `limit` bytes; a link at `path` itself is
/// not followed. The metadata is that of the opened file before the read.
pub fn read_regular(path: &Path, limit: u64) -> FsResult<(Metadata, Vec<u8>)> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = named("open", path, opened)?;
    let metadata = named("examine", path, file.metadata())?;
    if !metadata.is_file() {
        let error = io::Error::other("it is not a regular file");
        return named("read", path, Err(error));
    }
    let mut bytes = Vec::with_capacity(metadata.len().min(limit) as usize);
    named(
        "read",
        path,
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes),
    )?;
    if bytes.len() as u64 > limit {
        let error = io::Error::other(format!("it is larger than {limit} bytes"));
        return named("read", path, Err(error));
    }
    Ok((metadata, bytes))
}
