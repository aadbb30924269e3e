//! The byte encoding of the sandbox's messages: little-endian integers and
//! length-prefixed byte strings, every length checked before it is believed.
//!
//! Knows no message; see `message`.

/// What is wrong with a message that does not decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    #[error("ends early")]
    Truncated,
    #[error("has bytes left over")]
    Trailing,
    #[error("holds a value that means nothing")]
    Meaningless,
    #[error("comes from another version of Kiln")]
    Version,
}

/// Appends values to a message.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(super) fn number(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A byte string, at most 4 GiB.
    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    pub(super) fn list<T: AsRef<[u8]>>(&mut self, values: &[T]) {
        self.number(values.len() as u64);
        for value in values {
            self.bytes(value.as_ref());
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes values from the front of a message.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Decoder { rest: message }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn number(&mut self) -> Result<u64, WireError> {
        let (value, rest) = self.rest.split_first_chunk().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*value))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let length = usize::try_from(self.number()?).map_err(|_| WireError::Truncated)?;
        self.take(length)
    }

    /// A list of byte strings; what it allocates is bounded by the message's
    /// length, not by the count that the message claims.
    pub(super) fn list(&mut self) -> Result<Vec<Vec<u8>>, WireError> {
        let count = self.number()?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(self.bytes()?.to_vec());
        }
        Ok(values)
    }

    pub(super) fn finish(self) -> Result<(), WireError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(WireError::Trailing)
        }
    }
}
