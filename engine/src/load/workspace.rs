//! Where the workspace lies and which of its directories may be packages.

use std::path::PathBuf;

use kiln_plugin_abi::WorkspacePath;

/// Directories that are never entered, whatever the configuration says.
const NEVER_ENTERED: [&str; 5] = [".kiln", ".git", ".hg", ".jj", ".svn"];

/// The workspace as the configuration describes it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its root, absolute.
    pub root: PathBuf,
    /// Names of BUILD files; the first present in a directory wins.
    pub build_files: Vec<String>,
    /// Names of directories never entered, at any depth.
    pub ignore: Vec<String>,
}

impl Workspace {
    /// Where `path` lies on this machine.
    #[must_use]
    pub fn absolute(&self, path: &WorkspacePath) -> PathBuf {
        let path = path.as_str();
        if path.is_empty() {
            return self.root.clone();
        }
        let mut absolute = PathBuf::with_capacity(self.root.as_os_str().len() + path.len() + 1);
        absolute.push(&self.root);
        absolute.push(path);
        absolute
    }

    /// True for the name of a directory that is never entered.
    #[must_use]
    pub fn ignores(&self, name: &str) -> bool {
        NEVER_ENTERED.contains(&name) || self.ignore.iter().any(|ignored| ignored == name)
    }
}
