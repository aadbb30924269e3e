//! `kiln cat`, `kiln ls` and `kiln log`: what a target made.

use std::io::Write;

use kiln_plugin_abi::{Diagnostic, Label, OutputReference, Pattern, SignedPattern};

use super::Engine;
use super::build::Preparation;
use super::session::{StateDirectory, open_store};
use crate::artifact::Entry;
use crate::cancel::CancelToken;
use crate::execute::{ContentError, Contents, OpenContent, changed, open_source};
use crate::failure::{Failure, FailureKind, Outcome};
use crate::history::{How, Memo, read_failed_log};
use crate::request::{
    BuildRequest, Execution, OnFailure, OutputEntry, OutputEntryKind, Placement, Reuse,
};
use crate::schedule::Run;
use crate::store::{Content, LogRecord};

impl Engine {
    /// The output tree of a target or group, which is brought up to date first.
    pub async fn list_outputs(
        &self,
        reference: &OutputReference,
        cancel: &CancelToken,
    ) -> Outcome<Vec<OutputEntry>> {
        let made = self.make(reference, cancel).await?;
        let entries = made.entries.iter().map(|(group, path, entry)| OutputEntry {
            group: group.clone(),
            path: path.to_string(),
            kind: match entry {
                Entry::File { digest, executable } => OutputEntryKind::File {
                    digest: *digest,
                    executable: *executable,
                },
                Entry::Link { target } => OutputEntryKind::Link(target.to_string()),
                Entry::Directory => OutputEntryKind::Directory,
            },
        });
        Ok(entries.collect())
    }

    /// Writes the bytes of every output file of a target or group, which is
    /// brought up to date first, in the order of the output tree.
    pub async fn cat(
        &self,
        reference: &OutputReference,
        cancel: &CancelToken,
        write: &mut (dyn Write + Send),
    ) -> Outcome<()> {
        let mut made = self.make(reference, cancel).await?;
        let files = made.entries.iter().filter_map(|(_, _, entry)| match entry {
            Entry::File { digest, executable } => Some((*digest, *executable)),
            _ => None,
        });
        let files: Vec<_> = files.collect();
        for (digest, executable) in files {
            match copy(made.run.contents(), digest, executable, write) {
                Err(CopyError::Content(ContentError::Lost(lost))) => {
                    made.heal(lost).await?;
                    copy(made.run.contents(), digest, executable, write).map_err(copy_failure)?;
                }
                result => result.map_err(copy_failure)?,
            }
        }
        Ok(())
    }

    /// What the last action of a target wrote to its streams, as it came.
    pub async fn log(&self, label: &Label) -> Outcome<Vec<u8>> {
        let state = StateDirectory::of(&self.config.workspace);
        let memo = Memo::read(&state.state("memo"));
        let Some(entry) = memo.get(&label.to_string()) else {
            let diagnostic = Diagnostic::error("it has no log: it has not been built here")
                .on(label)
                .hint(format!("run `kiln build {label}` first"));
            return Err(Failure::new(FailureKind::NothingMatched, diagnostic));
        };
        if entry.how == How::Failed {
            return Ok(read_failed_log(&state.state("logs"), label).unwrap_or_default());
        }
        let store = open_store(self);
        let result = store.results(&[entry.key]).pop().flatten();
        match result.map(|result| store.log(&result)) {
            Some(Ok(log)) => Ok(log.map(|log| merged(&log)).unwrap_or_default()),
            Some(Err(_)) | None => {
                let diagnostic = Diagnostic::error("its log is no longer in the store")
                    .on(label)
                    .hint(format!("run `kiln build --force {label}`"));
                Err(Failure::new(FailureKind::NothingMatched, diagnostic))
            }
        }
    }

    async fn make(&self, reference: &OutputReference, cancel: &CancelToken) -> Outcome<Made> {
        let request = BuildRequest {
            patterns: vec![SignedPattern::Add(Pattern::One(reference.clone()))],
            on_failure: OnFailure::Stop,
            reuse: Reuse::Normal,
            execution: Execution::Run,
            placement: Placement::Outputs,
        };
        let mut prepared = Preparation::new(self, &request, cancel)?;
        prepared.drive_without_placing().await?;
        let entries = prepared.entries(reference);
        let (_, _, _, run) = prepared.into_parts();
        Ok(Made { run, entries })
    }
}

/// One entry of what was made, with its group.
type MadeEntry = (
    Option<kiln_plugin_abi::GroupName>,
    kiln_plugin_abi::WorkspacePath,
    Entry,
);

/// A target that is up to date, and the run that keeps its contents.
struct Made {
    run: Run,
    entries: Vec<MadeEntry>,
}

impl Made {
    async fn heal(&mut self, lost: kiln_plugin_abi::Digest) -> Outcome<()> {
        if !self.run.heal_output(lost) {
            return Err(copy_failure(CopyError::Content(ContentError::Lost(lost))));
        }
        self.run.drive().await;
        self.run.failure().map_or(Ok(()), Err)
    }
}

/// Both streams in the order of their arrival.
fn merged(log: &LogRecord) -> Vec<u8> {
    log.chunks
        .iter()
        .flat_map(|chunk| chunk.bytes.iter().copied())
        .collect()
}

enum CopyError {
    Content(ContentError),
    Write(std::io::Error),
}

fn copy(
    contents: &Contents,
    digest: kiln_plugin_abi::Digest,
    executable: bool,
    write: &mut (dyn Write + Send),
) -> Result<(), CopyError> {
    match contents
        .open(digest, executable)
        .map_err(CopyError::Content)?
    {
        OpenContent::Bytes(bytes) => write.write_all(&bytes).map_err(CopyError::Write),
        OpenContent::Stored(Content::Bytes(bytes)) => {
            write.write_all(&bytes).map_err(CopyError::Write)
        }
        OpenContent::Stored(Content::Blob { mut file, .. }) | OpenContent::Kept(mut file) => {
            std::io::copy(&mut file, write)
                .map(drop)
                .map_err(CopyError::Write)
        }
        OpenContent::Source(source) => {
            let mut reader = open_source(source).map_err(CopyError::Content)?;
            std::io::copy(&mut reader, write).map_err(CopyError::Write)?;
            let verified = reader.finish().map(drop);
            verified.map_err(|error| CopyError::Content(changed(source, error)))
        }
    }
}

fn copy_failure(error: CopyError) -> Failure {
    let (kind, message) = match error {
        CopyError::Write(error) => (FailureKind::Environment, format!("cannot write: {error}")),
        CopyError::Content(error) => (FailureKind::Build, error.to_string()),
    };
    Failure::new(kind, Diagnostic::error(message))
}
