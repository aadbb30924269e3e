//! The system calls that have no safe wrapper elsewhere.
//!
//! All of them are meant for the forkserver and its children, which have one
//! thread each.
#![allow(
    unsafe_code,
    reason = "raw system calls; each block says why it is sound"
)]

use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;
use rustix::thread::UnshareFlags;

/// Turns the C convention of `-1` and `errno` into a result.
pub(super) fn checked(result: c_int) -> Result<c_int, Errno> {
    if result == -1 {
        Err(last_errno())
    } else {
        Ok(result)
    }
}

pub(super) fn last_errno() -> Errno {
    // SAFETY: the location is valid for the calling thread, always.
    Errno::from_raw_os_error(unsafe { *libc::__errno_location() })
}

/// Moves the process into new namespaces.
pub(super) fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    assert!(
        !flags.contains(UnshareFlags::FILES),
        "descriptors are never unshared"
    );
    // SAFETY: the call is unsafe only with `FILES`, which is excluded above.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Makes `descriptor` owned by the caller.
///
/// Used once, by the forkserver for the socket that it was started with.
pub(super) fn own_descriptor(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the forkserver calls this once, right after it duplicated its
    // socket to that number, and nothing else knows the number.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Duplicates `from` as the descriptor `to`, which is inherited by programs.
pub(super) fn duplicate_to(from: c_int, to: c_int) -> Result<(), Errno> {
    // SAFETY: dup2 takes two integers.
    checked(unsafe { libc::dup2(from, to) }).map(drop)
}

/// Closes all descriptors from `first` on.
///
/// What owned them must not be used or dropped afterwards, so this is for a
/// process that starts or is about to execute another program.
pub(super) fn close_from(first: c_int) {
    // SAFETY: takes integers; the caller owns none of the closed descriptors.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0);
    }
}

/// Closes a descriptor of this process that another one, with which it shares
/// its memory, owns.
pub(super) fn close(descriptor: BorrowedFd<'_>) {
    // SAFETY: takes an integer. The owner's descriptor is in another table.
    unsafe { libc::close(descriptor.as_raw_fd()) };
}

/// How far a change of mount attributes reaches.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    Mount = 0,
    Tree = libc::AT_RECURSIVE as isize,
}

/// Sets attributes of a mount, and makes it private.
pub(super) fn set_mount_attributes(
    mount: BorrowedFd<'_>,
    attributes: u64,
    reach: Reach,
) -> Result<(), Errno> {
    let request = MountAttributes {
        set: attributes,
        propagation: libc::MS_PRIVATE,
        ..MountAttributes::default()
    };
    // SAFETY: the path is a C string, and `request` lives through the call and
    // has the size that is passed.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | reach as c_int,
            &raw const request,
            size_of::<MountAttributes>(),
        )
    };
    if result == -1 {
        Err(last_errno())
    } else {
        Ok(())
    }
}

/// `struct mount_attr` of the kernel, first version.
#[repr(C)]
#[derive(Default)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Sets the host and domain name of the UTS namespace.
pub(super) fn set_host_name(host: &str, domain: &str) -> Result<(), Errno> {
    // SAFETY: pointer and length describe a string that outlives the call.
    checked(unsafe { libc::sethostname(host.as_ptr().cast(), host.len()) })?;
    // SAFETY: as above.
    checked(unsafe { libc::setdomainname(domain.as_ptr().cast(), domain.len()) }).map(drop)
}

/// Brings the loopback interface of the network namespace up.
pub(super) fn bring_loopback_up() -> Result<(), Errno> {
    let socket = rustix::net::socket_with(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::DGRAM,
        rustix::net::SocketFlags::CLOEXEC,
        None,
    )?;
    // SAFETY: an all-zero ifreq is a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (slot, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *slot = byte.cast_signed();
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which outlives the call.
    checked(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) })
        .map(drop)
}
