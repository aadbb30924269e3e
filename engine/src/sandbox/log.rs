//! The bounded tail of an action's output.

use std::collections::VecDeque;

/// Which of the two outputs bytes were written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Bytes of one stream, as they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The stream they were written to.
    pub stream: Stream,
    /// The bytes; any bytes.
    pub bytes: Vec<u8>,
}

/// The last bytes of stdout and of stderr, in the order of their arrival.
///
/// The order between the two streams is that in which the engine saw them;
/// within a stream it is exact.
#[derive(Debug, Default)]
pub struct Log {
    chunks: VecDeque<Chunk>,
    limit: usize,
    kept: [usize; 2],
    dropped: [u64; 2],
}

impl Log {
    pub(super) fn new(limit: usize) -> Self {
        Log {
            limit,
            ..Log::default()
        }
    }

    /// Appends `bytes`, and drops the oldest of the same stream beyond the limit.
    pub(super) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let index = stream as usize;
        let surplus = bytes.len().saturating_sub(self.limit);
        self.dropped[index] += surplus as u64;
        let bytes = &bytes[surplus..];
        if bytes.is_empty() {
            return;
        }
        match self.chunks.back_mut() {
            Some(last) if last.stream == stream => last.bytes.extend_from_slice(bytes),
            _ => self.chunks.push_back(Chunk {
                stream,
                bytes: bytes.to_vec(),
            }),
        }
        self.kept[index] += bytes.len();
        // A quarter of slack, so that a full log is not moved at every write.
        if self.kept[index] > self.limit + self.limit / 4 {
            self.trim(stream);
        }
    }

    /// Drops what is beyond the limit of `stream`, the oldest first.
    fn trim(&mut self, stream: Stream) {
        let index = stream as usize;
        let mut surplus = self.kept[index].saturating_sub(self.limit);
        self.kept[index] -= surplus;
        self.dropped[index] += surplus as u64;
        for chunk in &mut self.chunks {
            if surplus == 0 {
                break;
            }
            if chunk.stream == stream {
                let count = surplus.min(chunk.bytes.len());
                chunk.bytes.drain(..count);
                surplus -= count;
            }
        }
        self.chunks.retain(|chunk| !chunk.bytes.is_empty());
    }

    /// Makes the limit exact, once nothing more comes.
    pub(super) fn close(&mut self) {
        self.trim(Stream::Stdout);
        self.trim(Stream::Stderr);
    }

    /// What is kept, in the order of arrival.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.iter()
    }

    /// What is kept of one stream.
    #[must_use]
    pub fn bytes_of(&self, stream: Stream) -> Vec<u8> {
        self.chunks()
            .filter(|chunk| chunk.stream == stream)
            .flat_map(|chunk| chunk.bytes.iter().copied())
            .collect()
    }

    /// What is kept of both streams, in the order of arrival.
    #[must_use]
    pub fn merged(&self) -> Vec<u8> {
        self.chunks()
            .flat_map(|chunk| chunk.bytes.iter().copied())
            .collect()
    }

    /// How many bytes of `stream` came before those that are kept.
    #[must_use]
    pub fn dropped(&self, stream: Stream) -> u64 {
        self.dropped[stream as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Log, Stream};

    #[test]
    fn keeps_the_tail_of_each_stream_and_counts_the_rest() {
        let mut log = Log::new(8);
        log.push(Stream::Stderr, b"error");
        for _ in 0..100 {
            log.push(Stream::Stdout, b"abc");
        }
        log.close();
        assert_eq!(log.bytes_of(Stream::Stdout), b"bcabcabc");
        assert_eq!(log.dropped(Stream::Stdout), 292);
        assert_eq!(log.bytes_of(Stream::Stderr), b"error");
        assert_eq!(log.dropped(Stream::Stderr), 0);
    }

    #[test]
    fn keeps_the_order_of_arrival_between_the_streams() {
        let mut log = Log::new(100);
        log.push(Stream::Stdout, b"one ");
        log.push(Stream::Stderr, b"two ");
        log.push(Stream::Stdout, b"three");
        log.close();
        assert_eq!(log.merged(), b"one two three");
        assert_eq!(log.chunks().count(), 3);
    }

    #[test]
    fn a_single_write_beyond_the_limit_keeps_its_end() {
        let mut log = Log::new(4);
        log.push(Stream::Stdout, b"0123456789");
        log.close();
        assert_eq!(log.merged(), b"6789");
        assert_eq!(log.dropped(Stream::Stdout), 6);
    }

    #[test]
    fn interleaved_single_bytes_stay_bounded() {
        let mut log = Log::new(16);
        for _ in 0..10_000 {
            log.push(Stream::Stdout, b"o");
            log.push(Stream::Stderr, b"e");
            assert!(log.chunks.len() <= 2 * (16 + 4));
        }
        log.close();
        assert_eq!(log.merged().len(), 32);
    }
}
