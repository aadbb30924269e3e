//! A file that a record is written to. The first failure to write is kept and
//! told at the end; it never stops the build.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::diagnostics::Message;
use crate::exit::CommandError;

/// A file opened for writing.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    file: File,
    error: Option<io::Error>,
}

impl RecordFile {
    /// Creates or truncates `path`; `flag` is named when that fails.
    ///
    /// # Errors
    /// Exit 36, naming the path.
    pub fn create(path: &Path, flag: &str) -> Result<RecordFile, CommandError> {
        match File::create(path) {
            Ok(file) => Ok(RecordFile {
                path: path.to_owned(),
                file,
                error: None,
            }),
            Err(error) => {
                let text = format!("cannot create {} for `{flag}`: {error}", path.display());
                Err(CommandError::environment(Message::error(text)))
            }
        }
    }

    /// Writes `bytes` in one call, so that a reader can follow.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.file.write_all(bytes).err();
        }
    }

    /// What went wrong, if anything did.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        Some(format!("{} is incomplete: {error}", self.path.display()))
    }
}
