//! Kiln's pipeline, from a request to outputs in place.
//!
//! The folders are the stages, in the order in which a target passes them:
//! `load` → `graph` → `key` → `store` (lookup) → `execute` in a `sandbox` →
//! `artifact` → `store` → `materialize`; `schedule` is the only one that sees
//! them all. The crate never prints, never reads the environment and knows no
//! concrete driver or provider.

pub mod artifact;
pub mod cancel;
pub mod content;
pub mod declared;
pub mod engine;
pub mod events;
pub mod execute;
pub mod failure;
pub mod graph;
pub mod history;
pub mod host;
pub mod key;
pub mod load;
pub mod materialize;
pub mod query;
pub mod request;
pub mod sandbox;
pub mod schedule;
pub mod store;
pub mod sys;
