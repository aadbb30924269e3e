//! What an action wrote to its standard output and standard error.

use std::sync::Arc;

use bytes::Bytes;
use kiln_plugin_abi::Digest;
use kiln_proto::store as proto;
use prost::Message;

/// One of an action's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Bytes of one stream, as they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// Where they were written to.
    pub stream: LogStream,
    /// Anything at all, terminal escapes and invalid UTF-8 included.
    pub bytes: Bytes,
}

/// An action's log in the order in which it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogRecord {
    /// The pieces.
    pub chunks: Vec<LogChunk>,
    /// Bytes that were dropped from the front because there were too many.
    pub dropped: u64,
}

/// A log of a result: large ones are fetched only when they are wanted, with
/// [`Store::log`](super::Store::log).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredLog {
    /// The log itself.
    Here(Arc<LogRecord>),
    /// The content that holds it.
    Elsewhere(Digest),
}

impl From<LogRecord> for StoredLog {
    fn from(log: LogRecord) -> StoredLog {
        StoredLog::Here(Arc::new(log))
    }
}

impl LogRecord {
    pub(super) fn encode(&self) -> Vec<u8> {
        let chunks = self.chunks.iter().map(|chunk| proto::LogChunk {
            stream: match chunk.stream {
                LogStream::Stdout => proto::log_chunk::Stream::Stdout,
                LogStream::Stderr => proto::log_chunk::Stream::Stderr,
            }
            .into(),
            data: chunk.bytes.clone(),
        });
        proto::Log {
            chunks: chunks.collect(),
            dropped: self.dropped,
        }
        .encode_to_vec()
    }

    pub(super) fn decode(bytes: Bytes) -> Option<LogRecord> {
        let message = proto::Log::decode(bytes).ok()?;
        let chunks = message
            .chunks
            .into_iter()
            .map(|chunk| {
                let stream = match proto::log_chunk::Stream::try_from(chunk.stream).ok()? {
                    proto::log_chunk::Stream::Stdout => LogStream::Stdout,
                    proto::log_chunk::Stream::Stderr => LogStream::Stderr,
                };
                let bytes = chunk.data;
                Some(LogChunk { stream, bytes })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(LogRecord {
            chunks,
            dropped: message.dropped,
        })
    }
}
