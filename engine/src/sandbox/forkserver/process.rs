//! Processes: their creation, signals and end, as system calls.
//!
//! All of it is meant for the forkserver and its children, which have one thread
//! each.
#![allow(
    unsafe_code,
    reason = "raw system calls; each block says why it is sound"
)]

use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

use rustix::io::Errno;

use super::syscall::{checked, last_errno};

/// Which side of a fork the caller is on.
pub(super) enum Forked {
    Parent,
    Child,
}

/// Forks the process, which has one thread.
pub(super) fn fork() -> Result<Forked, Errno> {
    // SAFETY: the child has its own copy of everything, and no other thread
    // holds a lock that it would wait for.
    match checked(unsafe { libc::fork() })? {
        0 => Ok(Forked::Child),
        _ => Ok(Forked::Parent),
    }
}

/// A child that was reaped.
pub(super) struct Reaped {
    pub(super) pid: i32,
    /// As `wait` encodes it.
    pub(super) status: i32,
}

/// Reaps a child; `None` when children exist but none has ended and `flags`
/// has `WNOHANG`.
pub(super) fn reap(flags: c_int) -> Result<Option<Reaped>, Errno> {
    let mut status = 0;
    loop {
        // SAFETY: the pointer is to a value that outlives the call.
        match checked(unsafe { libc::waitpid(-1, &raw mut status, flags) }) {
            Ok(0) => return Ok(None),
            Ok(pid) => return Ok(Some(Reaped { pid, status })),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// What the reaped children used, and their reaped children, together.
pub(super) fn usage_of_children() -> libc::rusage {
    // SAFETY: an all-zero rusage is a valid value, and getrusage only writes to
    // it; it cannot fail for this target.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    }
}

/// Signals every process of the caller's PID namespace but its init.
pub(super) fn signal_all(signal: c_int) {
    // SAFETY: takes integers. No process to signal is fine.
    unsafe { libc::kill(-1, signal) };
}

/// Runs `child` in a new process that shares the caller's memory, and returns
/// the process's id when it has executed a program or ended; it ends when
/// `child` returns. `namespaces` are those that it gets of its own.
///
/// The caller stands still meanwhile, so the two never touch the memory at the
/// same time, and `child` may do what the caller may. What it leaves in
/// `argument` is there for the caller. Descriptors are not shared: those that
/// the caller owns, `child` must only borrow. A child that was killed may have
/// left the memory in any state.
pub(super) fn spawn_sharing_memory<T>(
    namespaces: c_int,
    stack: &mut [MaybeUninit<u8>],
    child: fn(&mut T),
    argument: &mut T,
) -> Result<i32, Errno> {
    let mut call = Call { child, argument };
    let top = stack
        .as_mut_ptr_range()
        .end
        .map_addr(|address| address & !15);
    // SAFETY: the stack belongs to the child until this call returns, since
    // CLONE_VFORK suspends the caller until then; `call` outlives it, and
    // `enter` is given the type that it expects.
    checked(unsafe {
        libc::clone(
            enter::<T>,
            top.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD | namespaces,
            (&raw mut call).cast(),
        )
    })
}

struct Call<'a, T> {
    child: fn(&mut T),
    argument: &'a mut T,
}

/// The first function of a process that shares memory with its parent.
extern "C" fn enter<T>(call: *mut libc::c_void) -> c_int {
    // SAFETY: `spawn_sharing_memory` passes its `Call<T>`, and does not touch it
    // while this process runs.
    let call = unsafe { &mut *call.cast::<Call<'_, T>>() };
    (call.child)(call.argument);
    exit_now(0)
}

/// Executes a program in place of the caller; returns only on failure.
pub(super) fn execute(program: &CStr, argv: &PointerList, env: &PointerList) -> Errno {
    // SAFETY: both lists end with a null pointer and hold pointers to C strings
    // that live as long as their `PointerList`.
    unsafe {
        libc::execve(
            program.as_ptr(),
            argv.pointers.as_ptr(),
            env.pointers.as_ptr(),
        )
    };
    last_errno()
}

/// Ends the process at once, running nothing.
pub(super) fn exit_now(code: c_int) -> ! {
    // SAFETY: takes an integer and does not return.
    unsafe { libc::_exit(code) }
}

/// Begins a session, which has no terminal.
pub(super) fn begin_session() {
    // SAFETY: takes nothing. It fails only for a group leader, which is in a
    // session of its own or without a terminal already.
    unsafe { libc::setsid() };
}

/// Unblocks every signal.
pub(super) fn unblock_signals() {
    // SAFETY: an all-zero sigset_t is valid and empty after sigemptyset.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
}

/// Changes the working directory.
pub(super) fn change_directory(path: &CStr) -> Result<(), Errno> {
    // SAFETY: `path` is a C string.
    checked(unsafe { libc::chdir(path.as_ptr()) }).map(drop)
}

/// C strings with the null-terminated list of pointers to them.
pub(super) struct PointerList {
    /// Keeps the strings alive; their bytes do not move with the vector.
    _strings: Vec<std::ffi::CString>,
    pointers: Vec<*const libc::c_char>,
}

impl PointerList {
    pub(super) fn new(strings: Vec<std::ffi::CString>) -> Self {
        let pointers = strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        PointerList {
            _strings: strings,
            pointers,
        }
    }
}

/// Sets every signal to its default action and blocks SIGCHLD alone.
pub(super) fn reset_signals() {
    // The kernel's `struct sigaction` with SIG_DFL, no flags and an empty mask.
    let default = [0_u64; 4];
    for signal in 1..=SIGNALS {
        // The library's function refuses the two that it uses itself, which a
        // caller may have set to be ignored all the same.
        // SAFETY: `default` is as large as the kernel's structure on every
        // 64-bit architecture. SIGKILL and SIGSTOP answer with an error.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                0,
                size_of::<u64>(),
            )
        };
    }
    let mask = child_signal();
    // SAFETY: `mask` is an initialised set, the old one is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const mask, std::ptr::null_mut()) };
}

/// The highest signal number of Linux.
const SIGNALS: c_int = 64;

fn child_signal() -> libc::sigset_t {
    // SAFETY: an all-zero sigset_t is a valid value, and sigemptyset and
    // sigaddset only write to it.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        set
    }
}

/// A descriptor that is readable while SIGCHLD is pending for the process that
/// polls it. It works in children as well, each for its own signals.
pub(super) fn child_signal_descriptor() -> Result<OwnedFd, Errno> {
    let mask = child_signal();
    let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
    // SAFETY: `mask` is an initialised set.
    let descriptor = checked(unsafe { libc::signalfd(-1, &raw const mask, flags) })?;
    // SAFETY: the kernel just made it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
