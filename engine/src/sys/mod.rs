//! The one place where the engine touches the machine: file system, clock, threads.

pub mod clock;
pub mod frozen;
pub mod fs;
pub mod links;
pub mod lock;
pub mod mount;
pub mod open;
pub mod regular;
pub mod stat;
