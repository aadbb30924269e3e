//! One process from start to end: how long it took, and how much memory it held at its peak.

use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From start to end.
    pub wall: Duration,
    /// Largest resident size of the process itself, its children not counted, in bytes.
    pub peak_memory: u64,
}

/// Runs a command that must succeed.
pub fn measure(command: &mut Command) -> Cost {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().expect("the tool can be started");
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())
        .expect("the child is not reaped yet");
    let mut peak_memory = 0;
    while !ends_within(&pidfd, Duration::from_millis(2)) {
        peak_memory = peak_memory.max(high_water_mark(child.id()));
    }
    let wall = start.elapsed();
    let status = child.wait().expect("the child is ours");
    assert!(status.success(), "{command:?}: {status}");
    Cost { wall, peak_memory }
}

fn ends_within(pidfd: &impl AsFd, limit: Duration) -> bool {
    let timeout = Timespec::try_from(limit).expect("a short time");
    let ready = poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&timeout));
    ready.is_ok_and(|count| count > 0)
}

/// Zero when the process has just ended.
fn high_water_mark(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
