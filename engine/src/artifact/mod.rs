//! Canonical listings of output groups, and the tar archives that are a pure
//! function of them.
//!
//! `listing` is the artifact's identity, `tree` and `unfold` its encoded form for
//! others, `flat` that for the local store, `link` the rule for links, `tar` the
//! archive form. Nothing here knows where the bytes of files are kept.

mod flat;
mod group;
mod link;
mod listing;
pub mod tar;
mod tree;
mod unfold;

pub use group::{Artifact, Root};
pub use link::{LinkError, link_destination};
pub use listing::{Entry, Listing, ListingError};
