//! The built-in drivers, one file each.

mod exec;
mod files;
mod glob_pattern;
mod group;
mod run_text;
mod shell;
mod text_file;

pub use exec::Exec;
pub use files::Files;
pub use group::Group;
pub use shell::{Bash, Sh};
pub use text_file::TextFile;

pub(crate) use glob_pattern::check_glob_pattern;
