//! The configuration: from files, environment and flags to effective values
//! with their origins.

mod document;
mod key;
mod layers;
mod raw;
mod settings;
mod size;

pub use layers::{Sources, load};
pub use settings::Configuration;
pub use size::{parse_age, parse_size, show_size};

pub use key::{KEYS, MOST_JOBS};
