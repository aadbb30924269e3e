//! How a store is opened, and what is left of it where not everything works.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiln_plugin_abi::Diagnostic;

use super::Store;
use super::age::{StoreTime, TimeMark};
use super::blobs::Blobs;
use super::collect::Limits;
use super::contents::{Contents, Verify};
use super::flight::Flights;
use super::index::{Access, Index, Write};
use super::layout::{Layout, Place};
use super::results::Results;
use super::runs::Lease;
use super::stats::fact;
use super::warnings::{Topic, Warnings};
use crate::sys::clock;

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Its directory, absolute.
    pub root: PathBuf,
    /// What it may grow to.
    pub limits: Limits,
    /// How much is proved about contents.
    pub verify: Verify,
}

impl Store {
    /// A store that is neither read nor written: for requests without an action.
    #[must_use]
    pub fn detached(options: &StoreOptions) -> Store {
        let layout = Layout::new(&options.root);
        let now = StoreTime::default();
        let blobs = Blobs::new(&layout, PathBuf::new());
        Store {
            limits: options.limits,
            now,
            warnings: Arc::default(),
            index: None,
            results: None,
            contents: Arc::new(Contents::new(None, blobs, options.verify, now, false)),
            lease: None,
            flights: None,
            layout,
        }
    }

    /// Opens the store, which is made where there is none. This never fails:
    /// a store that cannot be written is read, one that cannot be read is
    /// empty, and [`Store::take_warnings`] says so.
    #[must_use]
    pub fn open(options: &StoreOptions) -> Store {
        let layout = Layout::new(&options.root);
        let warnings = Arc::new(Warnings::default());
        let lease = match layout.create().and_then(|()| Lease::take(&layout)) {
            Ok(lease) => Some(lease),
            Err(error) => {
                warnings.add(Topic::Place, || cannot_write(&options.root, &error));
                None
            }
        };
        let index = open_index(&layout, lease.is_some(), &warnings).map(Arc::new);
        // Without a database nothing would ever find what is written.
        let lease = lease.filter(|_| index.is_some());
        let flights = lease.as_ref().and_then(|_| {
            let locks = layout.path(Place::Locks);
            Flights::open(&locks, &layout.path(Place::Beats)).ok()
        });
        let now = index
            .as_ref()
            .map(|index| store_time(index))
            .unwrap_or_default();
        let temporary = lease.as_ref().map(Lease::temporary).unwrap_or_default();
        let contents = Arc::new(Contents::new(
            index.clone(),
            Blobs::new(&layout, temporary),
            options.verify,
            now,
            lease.is_some(),
        ));
        let results = index.clone();
        let results = results.map(|index| Results::new(index, contents.clone(), now));
        Store {
            layout,
            limits: options.limits,
            now,
            warnings,
            index,
            results,
            contents,
            lease,
            flights: flights.map(Arc::new),
        }
    }
}

fn open_index(layout: &Layout, writable: bool, warnings: &Arc<Warnings>) -> Option<Index> {
    let path = layout.path(Place::Index);
    let locks = layout.path(Place::Locks);
    let open = |access| Index::open(&path, &locks, access, warnings);
    let opened = if writable {
        open(Access::Write)
    } else {
        open(Access::Read).or_else(|_| open(Access::ReadFrozen))
    };
    match opened {
        Ok(index) => Some(index),
        Err(error) => {
            warnings.add(Topic::Reading, || {
                Diagnostic::warning(format!("the store is not used: {error}"))
                    .hint("move it away, or set KILN_CACHE_DIR to another directory")
            });
            None
        }
    }
}

/// The store's time for a run that begins now.
fn store_time(index: &Index) -> StoreTime {
    let last = index.read(|connection| {
        Ok(TimeMark {
            time: StoreTime(fact(connection, "time")? as u32),
            wall: fact(connection, "wall")?,
        })
    });
    let last = last.unwrap_or_default();
    match last.advance(clock::since_epoch().as_secs()) {
        None => last.time,
        Some(mark) => {
            index.write(Write::Time(mark));
            mark.time
        }
    }
}

fn cannot_write(root: &Path, error: &crate::sys::fs::FsError) -> Diagnostic {
    Diagnostic::warning(format!("the store cannot be written: {error}"))
        .note(format!("it is {}", root.display()))
        .note("results in it are used, new ones are not kept")
        .hint("make the directory writable, or set KILN_CACHE_DIR to another one")
}
