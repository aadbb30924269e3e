//! Puts the outputs of named targets into the workspace, as private copies.
//!
//! What is in place already is recognised by its stamp (digest and stat) and
//! not opened. Every file appears by rename, so a reader sees the old one or the
//! new one. Knows contents and listings; knows nothing of targets but a label
//! for messages.

mod copy;
mod place;
mod plan;
mod stamps;
mod tidy;

pub use place::{MaterializeError, Materializer};
pub use plan::{Wanted, output_prefix};
pub use stamps::Stamps;
