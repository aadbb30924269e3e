//! Brings a graph up to date. The only stage that sees all the others.
//!
//! `examine` looks at the world once, `resolve` turns ready targets into keys,
//! `lookup` asks the store, `queue` orders what has to run, `run` is the loop
//! that moves targets through the states of `work`.

mod answers;
mod claim;
mod examine;
mod explain;
mod heal;
mod launch;
mod lookup;
mod produced;
mod queue;
mod report;
mod resolve;
mod run;
mod settle;
mod work;

pub use examine::World;
pub use produced::{Origin, Produced};
pub use resolve::{Resolved, Resolver, produced_by_action};
pub use run::{Run, RunContext, RunRequest};
pub use work::{State, Work};
