//! The protobuf messages of Kiln: what it stores and what it says to plugins.
//!
//! Generated from the files below `proto/`, which are the documentation of
//! every format; one module per protobuf package.

/// The tree of files of one output group (`kiln/listing.proto`).
#[allow(
    missing_docs,
    reason = "generated; the .proto file is the documentation"
)]
pub mod listing {
    include!(concat!(env!("OUT_DIR"), "/kiln.listing.v1.rs"));
}
