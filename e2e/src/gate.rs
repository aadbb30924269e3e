//! Lets a test hold an action until it says go, without a race: a directory of the host that sandboxes see through
//! `host_paths`. The action waits for a file in it, and the test creates that file.

use std::fs;
use std::path::PathBuf;

use crate::Workspace;

/// A closed gate, until [`Gate::open`].
#[derive(Debug)]
pub struct Gate {
    directory: PathBuf,
}

impl Gate {
    /// Makes the gate and declares it in the workspace's `kiln.toml`, which it replaces.
    pub fn new(workspace: &Workspace) -> Self {
        let directory = workspace.outside("gate");
        fs::create_dir_all(&directory).expect("the user's directory is writable");
        workspace.write(
            "kiln.toml",
            format!("[sandbox]\nhost_paths = [{directory:?}]\n"),
        );
        Self { directory }
    }

    /// A line of shell that returns only when the gate is open.
    pub fn wait(&self) -> String {
        format!(
            "while [ ! -e {}/open ]; do sleep 0.01; done",
            self.directory.display()
        )
    }

    /// Lets every waiting action go on.
    pub fn open(&self) {
        fs::write(self.directory.join("open"), "").expect("the gate's directory is writable");
    }

    /// Closes it again, which also gives the gate the digest it had before.
    pub fn close(&self) {
        fs::remove_file(self.directory.join("open")).expect("the gate was open");
    }
}
