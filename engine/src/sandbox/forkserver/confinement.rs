//! What the forkserver fixes once for itself, and every action inherits:
//! ids, limits, umask, signals, host name, capabilities.

use std::ffi::c_int;

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit};
use rustix::thread::{CapabilitySet, UnshareFlags};

use super::syscall;
use crate::sandbox::error::{SetupError, Step};

/// User and group id of every action, as it sees them.
const INNER_ID: u32 = 1000;

/// Who the forkserver is on the host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    /// The host's root, whose id owns what namespaces do not separate.
    pub(super) is_root: bool,
    /// It has supplementary groups that it could not drop.
    pub(super) keeps_groups: bool,
}

/// Enters the user namespace (and mount, IPC and UTS namespaces) in which all
/// actions run.
pub(super) fn enter_user_namespace() -> Result<Caller, SetupError> {
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    // Only root may; for others the filter hides the groups, see `seccomp`.
    let dropped = rustix::thread::set_thread_groups(&[]);
    let keeps_groups =
        dropped.is_err() && rustix::process::getgroups().is_ok_and(|groups| !groups.is_empty());
    let namespaces =
        UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    syscall::unshare(namespaces).map_err(|errno| SetupError::new(Step::UserNamespace, errno))?;
    let (user_id, group_id) = (user.as_raw(), group.as_raw());
    write_proc("/proc/self/setgroups", "deny")?;
    write_proc("/proc/self/uid_map", &format!("{INNER_ID} {user_id} 1"))?;
    write_proc("/proc/self/gid_map", &format!("{INNER_ID} {group_id} 1"))?;
    Ok(Caller {
        is_root: user.is_root(),
        keeps_groups,
    })
}

fn write_proc(path: &str, text: &str) -> Result<(), SetupError> {
    let write = || {
        let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty())?;
        rustix::io::write(&file, text.as_bytes()).map(drop)
    };
    write().map_err(|errno| SetupError::on(Step::IdMap, path, errno))
}

/// The same limits for every action, as soft and hard limit; `None` is
/// unlimited. They are what a Linux kernel gives by itself, with no core files
/// and a bound on processes. A lower hard limit of an ordinary user stays.
const LIMITS: &[(Resource, Option<u64>, Option<u64>)] = &[
    (Resource::Core, Some(0), Some(0)),
    (Resource::Cpu, None, None),
    (Resource::Data, None, None),
    (Resource::Fsize, None, None),
    (Resource::As, None, None),
    (Resource::Rss, None, None),
    (Resource::Locks, None, None),
    (Resource::Rttime, None, None),
    (Resource::Nofile, Some(1024), Some(4096)),
    (Resource::Nproc, Some(16 << 10), Some(16 << 10)),
    (Resource::Stack, Some(8 << 20), Some(64 << 20)),
    (Resource::Memlock, Some(64 << 10), Some(64 << 10)),
    (Resource::Sigpending, Some(8 << 10), Some(8 << 10)),
    (Resource::Msgqueue, Some(800 << 10), Some(800 << 10)),
    (Resource::Nice, Some(0), Some(0)),
    (Resource::Rtprio, Some(0), Some(0)),
];

/// Fixes what needs the user namespace but not yet the new root.
pub(super) fn confine() -> Result<(), SetupError> {
    let apply = || {
        syscall::set_host_name("kiln", "localdomain")?;
        rustix::process::umask(Mode::from_raw_mode(0o022));
        rustix::thread::set_no_new_privs(true)?;
        drop_bounding_set()
    };
    apply().map_err(|errno| SetupError::new(Step::Confinement, errno))
}

/// Fixes the limits, while the host's root still may raise them.
pub(super) fn fix_limits() -> Result<(), SetupError> {
    for &(resource, current, maximum) in LIMITS {
        let wanted = Rlimit { current, maximum };
        let result = match rustix::process::setrlimit(resource, wanted) {
            Err(Errno::PERM) => lower_limit(resource, wanted),
            result => result,
        };
        result.map_err(|errno| SetupError::new(Step::Confinement, errno))?;
    }
    Ok(())
}

/// As much of `wanted` as the hard limit allows.
fn lower_limit(resource: Resource, wanted: Rlimit) -> Result<(), Errno> {
    let allowed = rustix::process::getrlimit(resource).maximum;
    let lower = |wanted: Option<u64>| match (wanted, allowed) {
        (Some(wanted), Some(allowed)) => Some(wanted.min(allowed)),
        (wanted, allowed) => wanted.or(allowed),
    };
    let limit = Rlimit {
        current: lower(wanted.current),
        maximum: lower(wanted.maximum),
    };
    rustix::process::setrlimit(resource, limit)
}

/// Empties the bounding set, so that no program an action executes regains a
/// capability. The forkserver keeps those that it has.
fn drop_bounding_set() -> Result<(), Errno> {
    for bit in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << bit);
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // One past the last capability that this kernel knows.
            Err(Errno::INVAL) if bit > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// The namespaces of each action; those of user and host name are shared.
pub(super) const ACTION_NAMESPACES: c_int =
    libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC;
