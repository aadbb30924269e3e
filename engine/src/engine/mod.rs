//! The engine as its callers see it: one method for each thing that can be asked.
//!
//! Each request opens a session on the workspace, goes through the
//! stages, and leaves what it learnt for the next one.

mod answer;
mod build;
mod inspect;
mod outputs;
mod query;
mod select;
mod session;
mod upkeep;

mod why;

use std::sync::Arc;

use kiln_plugin_abi::{Driver, Provider};

use crate::events::EventSink;
use crate::failure::Outcome;
use crate::request::EngineConfig;

pub use answer::{CleanReport, DoctorFinding, DoctorState, GcReport, QueryAnswer};

/// Kiln's engine for one workspace.
pub struct Engine {
    config: Arc<EngineConfig>,
    providers: Vec<Arc<dyn Provider>>,
    drivers: Vec<Arc<dyn Driver>>,
    events: Arc<dyn EventSink>,
}

impl Engine {
    /// An engine that uses these providers and drivers and tells `events` what
    /// happens. Opens nothing yet.
    pub fn new(
        config: EngineConfig,
        providers: Vec<Arc<dyn Provider>>,
        drivers: Vec<Arc<dyn Driver>>,
        events: Arc<dyn EventSink>,
    ) -> Outcome<Engine> {
        Ok(Engine {
            config: Arc::new(config),
            providers,
            drivers,
            events,
        })
    }
}
