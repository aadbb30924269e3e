//! Files that record a build for programs: events as they happen, and a trace
//! of where the time went.

mod events;
mod file;
mod profile;

pub use events::EventsFile;
pub use file::RecordFile;
pub use profile::Profile;
