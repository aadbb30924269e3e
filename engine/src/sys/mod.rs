//! The one place where the engine touches the machine: file system and clock.

pub mod clock;
pub mod fs;
pub mod links;
pub mod regular;
