//! Protobuf definitions of Kiln: stored records and the words of the plugin
//! protocol, compiled without a system `protoc`. Data only, no logic.
#![allow(
    clippy::all,
    missing_docs,
    reason = "the modules are generated from proto/kiln, where they are documented"
)]

/// Target specs and targets, as plugins and the package snapshot hold them.
pub mod target {
    include!(concat!(env!("OUT_DIR"), "/kiln.target.v1.rs"));
}

/// The header of a package's record in the package snapshot, and its index.
pub mod snapshot {
    include!(concat!(env!("OUT_DIR"), "/kiln.snapshot.v1.rs"));
}
