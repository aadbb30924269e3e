//! Protobuf messages of Kiln: stored records and the words of the plugin
//! protocol. No logic; whoever uses a message checks what it holds.
#![allow(
    missing_docs,
    clippy::all,
    reason = "generated code; the documentation stands in the .proto files"
)]

/// Records of the local store.
pub mod store {
    include!(concat!(env!("OUT_DIR"), "/kiln.store.rs"));
}
