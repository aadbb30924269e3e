//! Isolated execution of one action at a time on behalf of the engine.
//!
//! ```text
//! Sandbox::start ─ posix_spawn ─▶ forkserver (own user namespace, template root)
//! Sandbox::run ── Start, Order ─▶ forkserver ─ clone ─▶ init (pid 1 of the action)
//!       ▲                                                 │ mounts, starts the program,
//!       └─ log, report, descriptor of what was written ───┘ kills what is left
//! ```
//! The engine itself never forks. What crosses the border is in `message`;
//! what runs on the other side is in [`forkserver`]. The sandbox knows trees,
//! programs and descriptors, and nothing of targets, keys or the store.
//! `docs/design/sandbox.md` tells the reasons.

mod action;
mod error;
pub mod forkserver;
mod log;
mod message;
mod outcome;
mod packet;
mod probe;
mod scratch;
mod server;
mod spec;
mod unavailable;
mod watch;
mod wire;

pub use error::{SandboxError, SetupError, SpecError, Step};
pub use forkserver::seccomp::SECCOMP_VERSION;
pub use log::{Chunk, Log, Stream};
pub use outcome::{Exit, Finished, Usage};
pub use probe::{Probe, probe};
pub use scratch::remove_scratch;
pub use server::{Base, Sandbox, SandboxConfig};
pub use spec::{Layer, Network, SandboxSpec, Scratch};
pub use unavailable::{Cause, SandboxUnavailable};

/// Raised with every change of what an action sees: its root, generated files,
/// ids, limits. Part of every key, as [`SECCOMP_VERSION`] is.
pub const SANDBOX_VERSION: u32 = 1;
