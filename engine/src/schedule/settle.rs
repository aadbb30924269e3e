//! What a result means for the events and for the records of a run.

use kiln_plugin_abi::Label;

use super::produced::Produced;
use crate::artifact::Entry;
use crate::events::{OutputFile, Usage};
use crate::execute::Ended;
use crate::sandbox::{Log, Stream};
use crate::store::{LogChunk, LogRecord, LogStream, StoredLog};

/// The outputs of a target as events tell them.
#[must_use]
pub fn output_files(produced: &Produced) -> Vec<OutputFile> {
    let mut files = Vec::new();
    for (_, artifact) in &produced.groups {
        for root in artifact.roots.iter() {
            let digest = match artifact.listing.get(&root.path) {
                Some(Entry::File { digest, .. }) => *digest,
                _ => artifact.digest,
            };
            files.push(OutputFile {
                path: root.path.to_string(),
                digest,
            });
        }
    }
    files
}

/// What an action took, as events and records tell it.
#[must_use]
pub fn usage_of(ended: &Ended, wall: std::time::Duration) -> Usage {
    let milliseconds = |duration: std::time::Duration| duration.as_millis() as u64;
    Usage {
        wall_ms: milliseconds(wall),
        user_ms: milliseconds(ended.usage.user),
        sys_ms: milliseconds(ended.usage.system),
        max_rss: ended.usage.max_rss_kib * 1024,
    }
}

/// A warning about processes that an action left running.
#[must_use]
pub fn leftovers_warning(label: &Label, names: &[String]) -> Option<kiln_plugin_abi::Diagnostic> {
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "the action left processes running, which were killed: {}",
        names.join(", ")
    );
    Some(kiln_plugin_abi::Diagnostic::warning(message).on(label))
}

/// An action's log as it is stored; `None` when it wrote nothing.
#[must_use]
pub fn stored_log(log: &Log) -> Option<StoredLog> {
    let chunks: Vec<LogChunk> = log
        .chunks()
        .map(|chunk| LogChunk {
            stream: match chunk.stream {
                Stream::Stdout => LogStream::Stdout,
                Stream::Stderr => LogStream::Stderr,
            },
            bytes: chunk.bytes.clone().into(),
        })
        .collect();
    let dropped = log.dropped(Stream::Stdout) + log.dropped(Stream::Stderr);
    let wrote = !chunks.is_empty() || dropped > 0;
    wrote.then(|| LogRecord { chunks, dropped }.into())
}

/// What an action wrote to its standard error.
#[must_use]
pub fn standard_error(log: &LogRecord) -> Vec<u8> {
    let chunks = log
        .chunks
        .iter()
        .filter(|chunk| chunk.stream == LogStream::Stderr);
    chunks
        .flat_map(|chunk| chunk.bytes.iter().copied())
        .collect()
}

/// Says that an action waits for another process that runs it.
#[must_use]
pub fn wait_notice(label: &Label, holder: Option<u32>) -> kiln_plugin_abi::Diagnostic {
    let process = holder.map_or_else(
        || "another process".to_owned(),
        |id| format!("process {id}"),
    );
    let message = format!("waiting for {process}, which runs the same action");
    kiln_plugin_abi::Diagnostic::warning(message).on(label)
}
