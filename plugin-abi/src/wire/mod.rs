//! Specs and targets as protobuf messages: what an out-of-process plugin sends,
//! and what the package snapshot stores.
//!
//! `write` never loses anything; `read` trusts nothing: it checks every name,
//! path, number and order, so that what it returns is as good as what a
//! built-in made. Neither knows who sends or stores the bytes.

mod error;
mod read;
mod value;
mod write;

pub use error::WireError;
pub use read::Reader;
pub use write::{write_spec, write_target};

/// Longest path or label taken, in bytes.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests;
