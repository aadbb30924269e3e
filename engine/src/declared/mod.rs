//! Outputs that follow from declarations alone: files whose contents stand in
//! a BUILD file, and views of other targets' files. No process runs for them
//! and nothing of them is stored.

mod inline;
mod view;

pub use inline::inline_artifact;
pub use view::{ViewError, ViewInput, apply_view};
