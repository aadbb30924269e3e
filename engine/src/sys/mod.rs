//! The one place where the engine touches the machine: file system, clock, threads.

pub mod area;
pub mod clock;
pub mod framed;
pub mod frozen;
pub mod fs;
pub mod links;
pub mod lock;
pub mod memory;
pub mod mount;
pub mod open;
pub mod pool;
pub mod regular;
pub mod stat;
pub mod walk;
