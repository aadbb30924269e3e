//! The one place where the engine touches the machine: file system, clock, threads.

pub mod clock;
pub mod fs;
pub mod links;
pub mod open;
pub mod regular;
pub mod stat;
