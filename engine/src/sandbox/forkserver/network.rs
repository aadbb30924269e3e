//! The network namespace of a worker, lent to one action at a time.
//!
//! Creating one costs as much as half of a sandbox, so it is kept: a worker
//! starts the next action only when the last one's PID namespace is gone.
//! Nothing in it can be changed by an action, which has no capabilities, and
//! its sockets are gone with its processes.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{process, syscall};
use crate::sandbox::error::{SetupError, Step};

/// The setting that lets a port be bound again at once, relative to the setup
/// area: it shows that of the current network namespace.
const TIME_WAIT_LIMIT: &str = "host/sys/net/ipv4/tcp_max_tw_buckets";
/// The namespace of the process that looks, relative to the setup area.
const OWN_NAMESPACE: &str = "host/self/ns/net";

/// Creates a network namespace with a loopback interface and nothing else.
pub(super) fn create(stack: &mut Vec<u8>) -> Result<OwnedFd, SetupError> {
    // In a process of its own, as the way back to the host's namespace is
    // barred. It shares the table of descriptors, so what it opens stays.
    let mut created = Err(Errno::CHILD);
    let flags = libc::CLONE_NEWNET | libc::CLONE_FILES;
    let spawned =
        process::spawn_sharing_memory(flags, stack.spare_capacity_mut(), prepare, &mut created);
    let namespace = spawned.and_then(|_| {
        process::reap(0)?;
        created
    });
    namespace.map_err(|errno| SetupError::new(Step::Network, errno))
}

fn prepare(created: &mut Result<OwnedFd, Errno>) {
    *created = prepare_this();
}

fn prepare_this() -> Result<OwnedFd, Errno> {
    syscall::bring_loopback_up()?;
    // Connections of an earlier action must not block a later one's ports. A
    // kernel without the setting per namespace still works without.
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::openat(CWD, TIME_WAIT_LIMIT, flags, Mode::empty()) {
        rustix::io::write(&file, b"0")?;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, OWN_NAMESPACE, flags, Mode::empty())
}
