//! Network namespaces, each lent to one action at a time.
//!
//! Creating one costs more than all else of a sandbox together, so it is made
//! with the first action that needs it and kept. It comes back only when its
//! action's PID namespace is gone, and only if that action went the regular
//! way; nothing in it can be changed by an action, which has no capabilities.

use std::collections::HashMap;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};

use super::init::NetworkPlace;

#[derive(Debug)]
pub(super) struct NetworkPool {
    limit: usize,
    idle: Vec<OwnedFd>,
    /// By the host's process id of the action's init.
    lent: HashMap<i32, OwnedFd>,
}

impl NetworkPool {
    /// A pool that keeps at most `limit` idle namespaces.
    pub(super) fn new(limit: usize) -> Self {
        NetworkPool {
            limit,
            idle: Vec::new(),
            lent: HashMap::new(),
        }
    }

    /// An idle namespace, or word that a new one is needed.
    pub(super) fn lend(&mut self) -> NetworkPlace {
        self.idle
            .pop()
            .map_or(NetworkPlace::New, NetworkPlace::Lent)
    }

    /// Remembers what the init `pid` was started with.
    pub(super) fn note(&mut self, pid: i32, network: NetworkPlace) {
        let namespace = match network {
            NetworkPlace::Host => None,
            NetworkPlace::Lent(namespace) => Some(namespace),
            // An init that is gone already leaves nothing to keep.
            NetworkPlace::New => rustix::fs::open(
                format!("host/{pid}/ns/net"),
                OFlags::RDONLY | OFlags::CLOEXEC,
                Mode::empty(),
            )
            .ok(),
        };
        if let Some(namespace) = namespace {
            self.lent.insert(pid, namespace);
        }
    }

    /// The init `pid` is gone, and all its processes with it.
    pub(super) fn take_back(&mut self, pid: i32, regular: bool) {
        if let Some(namespace) = self.lent.remove(&pid)
            && regular
            && self.idle.len() < self.limit
        {
            self.idle.push(namespace);
        }
    }
}
