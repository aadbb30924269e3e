//! Logs of failed actions, which have no place in the store: one file per
//! target, replaced by the next failure.

use std::path::{Path, PathBuf};

use kiln_plugin_abi::{Digest, Label};

use crate::sys::framed::FrameKind;
use crate::sys::fs::FsResult;

const KIND: FrameKind = FrameKind {
    magic: *b"kilnflog",
    version: 1,
};

/// Keeps what a failed action wrote.
pub fn write_failed_log(directory: &Path, label: &Label, bytes: &[u8]) -> FsResult<()> {
    KIND.write(&file(directory, label), bytes)
}

/// What the last failed action of a target wrote; `None` when that is unknown.
#[must_use]
pub fn read_failed_log(directory: &Path, label: &Label) -> Option<Vec<u8>> {
    KIND.read(&file(directory, label))
}

/// Labels may be longer than file names, and hold characters that these may not.
fn file(directory: &Path, label: &Label) -> PathBuf {
    directory.join(Digest::of(label.to_string().as_bytes()).hex())
}

#[cfg(test)]
mod tests {
    use kiln_plugin_abi::PackagePath;

    use super::*;

    #[test]
    fn each_target_has_a_log_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let label = |text: &str| Label::parse(text, &PackagePath::root()).unwrap();
        write_failed_log(directory.path(), &label("//a:b"), b"one").unwrap();
        write_failed_log(directory.path(), &label("//a:b"), b"two").unwrap();
        assert_eq!(
            read_failed_log(directory.path(), &label("//a:b")).unwrap(),
            b"two"
        );
        assert_eq!(read_failed_log(directory.path(), &label("//a:c")), None);
    }
}
