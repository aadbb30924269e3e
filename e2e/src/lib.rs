//! The kit of the black-box tests: it starts the shipped `kiln` binary in temporary workspaces and reads what it printed.
//! It links none of Kiln's crates: what it knows of Kiln is what a user can type and see.

mod binary;
mod c_package;
mod c_program;
mod compiler;
mod event;
mod gate;
mod kiln;
mod run;
mod running;
mod summary;
mod tree;
mod vendored;
mod workspace;

pub use binary::kiln_binary;
pub use c_package::CPackage;
pub use c_program::CProgram;
pub use compiler::{included_files, normalized};
pub use event::{Event, read_events};
pub use gate::Gate;
pub use kiln::Kiln;
pub use run::Run;
pub use running::Running;
pub use summary::Summary;
pub use tree::{copy_tree, files_below};
pub use vendored::vendored_crate;
pub use workspace::{Workspace, repository};
