//! A temporary workspace with its own user: private home directory, private store, no inherited environment.
//! Several checkouts may share one user, and with it the store.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::{Kiln, Run, copy_tree};

/// A workspace on disk, removed when the last checkout of its user is dropped.
#[derive(Debug)]
pub struct Workspace {
    user: Arc<TempDir>,
    root: PathBuf,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workspace {
    /// An empty workspace: a directory with an empty `kiln.toml`.
    pub fn new() -> Self {
        let workspace = Self::bare();
        workspace.write("kiln.toml", "");
        workspace
    }

    /// A directory that is no workspace yet.
    pub fn bare() -> Self {
        let user = tempfile::Builder::new()
            .prefix("kiln-e2e-")
            .tempdir()
            .expect("a temporary directory can be made");
        let root = user.path().join("checkout");
        for directory in ["checkout", "home"] {
            let path = user.path().join(directory);
            fs::create_dir(&path)
                .unwrap_or_else(|error| panic!("mkdir {}: {error}", path.display()));
        }
        Self {
            user: Arc::new(user),
            root,
        }
    }

    /// A workspace whose root package has this BUILD file.
    pub fn with_build(build_file: &str) -> Self {
        let workspace = Self::new();
        workspace.write("BUILD.kiln", build_file);
        workspace
    }

    /// The same user's copy of this workspace in another directory, without `.kiln`.
    pub fn checkout(&self, directory: &str) -> Self {
        let root = self.user.path().join(directory);
        copy_tree(&self.root, &root, &|path| {
            path.file_name() != Some(OsStr::new(".kiln"))
        });
        Self {
            user: Arc::clone(&self.user),
            root,
        }
    }

    /// The workspace's directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The user's home directory.
    pub fn home(&self) -> PathBuf {
        self.user.path().join("home")
    }

    /// The user's store.
    pub fn store(&self) -> PathBuf {
        self.user.path().join("store")
    }

    /// A place of this user outside of every workspace.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.user.path().join(name)
    }

    /// The absolute path of a file given relative to the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Writes a file, with its parent directories.
    #[track_caller]
    pub fn write(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        let parent = path.parent().expect("a file in a directory");
        fs::create_dir_all(parent)
            .unwrap_or_else(|error| panic!("mkdir {}: {error}", parent.display()));
        fs::write(&path, content)
            .unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
    }

    /// Appends to a file that exists.
    #[track_caller]
    pub fn append(&self, relative: impl AsRef<Path>, content: &str) {
        let mut bytes = self.read_bytes(&relative);
        bytes.extend_from_slice(content.as_bytes());
        self.write(relative, bytes);
    }

    /// A file's text.
    #[track_caller]
    pub fn read(&self, relative: impl AsRef<Path>) -> String {
        String::from_utf8(self.read_bytes(relative)).expect("the file holds UTF-8")
    }

    /// A file's bytes.
    #[track_caller]
    pub fn read_bytes(&self, relative: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(relative);
        fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
    }

    /// Removes a file or a whole directory.
    #[track_caller]
    pub fn remove(&self, relative: impl AsRef<Path>) {
        let path = self.path(relative);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("remove {}: {error}", path.display()));
    }

    /// Gives a file the modification time of an hour ago, its content untouched.
    #[track_caller]
    pub fn touch(&self, relative: impl AsRef<Path>) {
        let path = self.path(relative);
        let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(an_hour_ago))
            .unwrap_or_else(|error| panic!("touch {}: {error}", path.display()));
    }

    /// A kiln command in this workspace's root, not started yet.
    pub fn kiln<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Kiln {
        Kiln::new(self, arguments)
    }

    /// Runs `kiln run` with these arguments.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        self.kiln(["run"]).args(arguments).run()
    }
}

/// The root of this repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("e2e lies in the repository's root")
}
