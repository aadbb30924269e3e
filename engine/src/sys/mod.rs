//! The one place where the engine touches the machine: file system and clock.

pub mod clock;
pub mod frozen;
pub mod fs;
pub mod lock;
pub mod mount;
pub mod open;
pub mod stat;
