//! The engine's only source of time.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point on the monotonic clock, for durations only.
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// Time since the Unix epoch by the wall clock; zero when the clock stands before it.
///
/// Only for what people read and for ages in the store. No decision about what
/// is up to date may rest on it.
#[must_use]
pub fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Time since the machine was started, the same in all its processes; it never
/// jumps, and goes on while the machine sleeps.
#[must_use]
pub fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(time).unwrap_or_default()
}
