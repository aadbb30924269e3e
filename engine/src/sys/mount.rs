//! What kind of file system a path lies on.

use std::path::Path;

use rustix::fs::statfs;

use super::fs::{FsResult, named};

/// NFS, SMB, CIFS, 9p, FUSE and overlay: shared memory between processes that
/// map one file, or locks on it, cannot be relied on there.
const WITHOUT_SHARED_MEMORY: [i64; 7] = [
    0x6969,
    0x517b,
    0xfe53_4d42,
    0xff53_4d42,
    0x0102_1997,
    0x6573_5546,
    0x794c_7630,
];

/// True when processes that map a file at `path` see each other's writes.
pub fn shares_memory(path: &Path) -> FsResult<bool> {
    let answer = named("examine", path, statfs(path).map_err(Into::into))?;
    let kind = answer.f_type & 0xffff_ffff;
    Ok(!WITHOUT_SHARED_MEMORY.contains(&kind))
}
