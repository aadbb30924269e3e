//! The protobuf messages of Kiln: what it stores and what it says to plugins.
//!
//! Generated from the files below `proto/`, which are the documentation of
//! every format; one module per protobuf package. Data only, no logic: whoever
//! uses a message checks what it holds.
#![allow(
    clippy::all,
    missing_docs,
    reason = "the modules are generated from proto/kiln, where they are documented"
)]

/// The tree of files of one output group (`kiln/listing.proto`).
pub mod listing {
    include!(concat!(env!("OUT_DIR"), "/kiln.listing.v1.rs"));
}

/// What an action's key was made of (`kiln/manifest.proto`).
pub mod manifest {
    include!(concat!(env!("OUT_DIR"), "/kiln.manifest.v1.rs"));
}

/// Records of the local store (`kiln/store.proto`).
pub mod store {
    include!(concat!(env!("OUT_DIR"), "/kiln.store.v1.rs"));
}

/// Target specs and targets, as plugins and the package snapshot hold them
/// (`kiln/target.proto`).
pub mod target {
    include!(concat!(env!("OUT_DIR"), "/kiln.target.v1.rs"));
}

/// The header of a package's record in the package snapshot, and its index
/// (`kiln/snapshot.proto`).
pub mod snapshot {
    include!(concat!(env!("OUT_DIR"), "/kiln.snapshot.v1.rs"));
}
