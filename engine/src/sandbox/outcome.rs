//! What is known about an action that ran to an end.

use std::os::fd::OwnedFd;
use std::time::Duration;

use super::log::Log;

/// An action that ended; none of its processes exists any more.
#[derive(Debug)]
pub struct Finished {
    /// How the main process ended.
    pub exit: Exit,
    /// What all its processes used together.
    pub usage: Usage,
    /// The tail of stdout and stderr.
    pub log: Log,
    /// The upper layer of `/kiln/ws`: what the action wrote, and over which
    /// inputs. Closing it frees a tmpfs, so close it where blocking is fine.
    pub upper: OwnedFd,
    /// Names of the processes that outlived the main one and were killed; at
    /// most 16.
    pub leftovers: Vec<String>,
    /// The scratch had no space left at the end.
    pub scratch_full: bool,
}

/// How the main process of an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// It ran longer than its timeout and was ended.
    TimedOut,
    /// It never ran: the kernel refused to execute it, with this error number.
    NotExecuted(i32),
}

impl Exit {
    /// The code that a shell would give: 128+n for a signal, 127 for a program
    /// that is not there, 126 for one that cannot be executed, and 124 for a
    /// timeout as `timeout(1)` does.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
            Exit::TimedOut => 124,
            Exit::NotExecuted(libc::ENOENT) => 127,
            Exit::NotExecuted(_) => 126,
        }
    }

    /// Whether the action ended as a success.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Exit::Code(0)
    }
}

/// Time and memory of all processes of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Time in user mode, summed.
    pub user: Duration,
    /// Time in the kernel, summed.
    pub system: Duration,
    /// The largest resident set of any one process, in KiB.
    pub max_rss_kib: u64,
}
