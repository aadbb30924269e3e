//! What one request works with: the workspace's state directory, the loader,
//! the fingerprints, the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Engine;
use crate::content::FingerprintCache;
use crate::events::Event;
use crate::failure::Outcome;
use crate::history::Memo;
use crate::host::HostFiles;
use crate::load::{Loader, LoaderSetup, Workspace};
use crate::store::{Store, StoreOptions};
use crate::sys::fs;

/// Version of what the load stage makes of a BUILD file; raised with every
/// change of meaning, so that no older snapshot is used.
const LOAD_VERSION: u32 = 1;

/// Where Kiln keeps what it writes into a workspace.
#[derive(Debug, Clone)]
pub struct StateDirectory {
    root: PathBuf,
}

impl StateDirectory {
    /// The directory of a workspace.
    #[must_use]
    pub fn of(workspace: &Path) -> StateDirectory {
        StateDirectory {
            root: workspace.join(".kiln"),
        }
    }

    /// Creates it, with the file that keeps it out of version control.
    pub fn create(&self) -> Outcome<()> {
        let ignore = self.root.join(".gitignore");
        if fs::symlink_metadata(&ignore)?.is_none() {
            fs::create_dir_all(&self.root)?;
            fs::write_atomically(&ignore, b"*\n")?;
        }
        Ok(fs::create_dir_all(&self.state(""))?)
    }

    /// Where outputs of named targets appear.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Where files are written before they are renamed into place.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// A file of remembered facts.
    #[must_use]
    pub fn state(&self, name: &str) -> PathBuf {
        self.root.join("state").join(name)
    }
}

/// One request's view of the workspace.
pub struct Session {
    /// Kiln's own directory.
    pub state: StateDirectory,
    /// Loads packages.
    pub loader: Loader,
    /// Of sources.
    pub fingerprints: FingerprintCache,
    /// Of the host's files.
    pub host: HostFiles,
    /// What earlier runs left.
    pub memo: Memo,
}

impl Session {
    /// Opens the workspace of `engine`.
    pub fn open(engine: &Engine) -> Outcome<Session> {
        let config = &engine.config;
        let state = StateDirectory::of(&config.workspace);
        state.create()?;
        let loader = Loader::new(LoaderSetup {
            workspace: Workspace {
                root: config.workspace.clone(),
                build_files: config.build_files.clone(),
                ignore: config.ignore.clone(),
            },
            providers: engine.providers.clone(),
            drivers: engine.drivers.clone(),
            snapshot: state.state("packages-v1"),
            identity: format!("load {LOAD_VERSION}"),
            sink: engine.events.clone(),
        });
        Ok(Session {
            loader,
            fingerprints: FingerprintCache::load(&state.state("sources")),
            host: HostFiles::new(Arc::new(FingerprintCache::load(&state.state("host")))),
            memo: Memo::read(&state.state("memo")),
            state,
        })
    }

    /// Keeps what was learnt about packages and files. Failing to do so costs
    /// time in the next run and nothing else.
    pub fn save(&self) -> Result<(), fs::FsError> {
        self.loader.save()?;
        self.fingerprints.save()?;
        self.host.save()
    }
}

/// Opens the user's store, telling what is degraded.
pub fn open_store(engine: &Engine) -> Arc<Store> {
    let store = Store::open(&store_options(engine));
    tell_warnings(engine, &store);
    Arc::new(store)
}

/// How the configuration wants the store.
pub fn store_options(engine: &Engine) -> StoreOptions {
    let config = &engine.config;
    StoreOptions {
        root: config.store.clone(),
        limits: config.cache.limits(),
        verify: config.cache.verify,
    }
}

/// Tells what people should know about the store.
pub fn tell_warnings(engine: &Engine, store: &Store) {
    for warning in store.take_warnings() {
        engine.events.emit(&Event::Diagnostic(warning));
    }
}
