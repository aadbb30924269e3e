//! A `kiln` process that is alive: wait for one of its events, send it a signal, or wait for its end.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, kill_process_group, pidfd_open};

use crate::{Event, Run, read_events};

/// A started invocation. Killed with its process group when dropped unfinished.
#[must_use = "call `finish` to see how it ended"]
#[derive(Debug)]
pub struct Running {
    child: Child,
    line: String,
    records: PathBuf,
    events: Option<PathBuf>,
    deadline: Instant,
    finished: bool,
}

impl Running {
    pub(crate) fn new(
        child: Child,
        line: String,
        records: PathBuf,
        events: Option<PathBuf>,
        hung_after: Duration,
    ) -> Self {
        Self {
            child,
            line,
            records,
            events,
            deadline: Instant::now() + hung_after,
            finished: false,
        }
    }

    /// Blocks until an event for which `wanted` holds has been written.
    ///
    /// # Panics
    /// When the process ends, or hangs, without it.
    #[track_caller]
    pub fn wait_for_event(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let ended = self.wait(Duration::from_millis(2)).is_some();
            if let Some(event) = self.events().into_iter().find(|event| wanted(event)) {
                return event;
            }
            if ended || Instant::now() > self.deadline {
                panic!(
                    "the awaited event never came{}",
                    self.report("ended or hung")
                );
            }
        }
    }

    /// Sends a signal to the process alone, as a `kill` from another terminal does.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is ours and not reaped");
    }

    /// The process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it hangs; the whole process group is killed first.
    #[track_caller]
    pub fn finish(mut self) -> Run {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Some(status) = self.wait(left) else {
            panic!("killed, because it hung{}", self.report("no end"));
        };
        let code = status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Run::new(
            self.line.clone(),
            code,
            self.read("stdout"),
            self.read("stderr"),
            self.events(),
        )
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let pidfd =
            pidfd_open(self.pid(), PidfdFlags::empty()).expect("the child is not reaped yet");
        let timeout = Timespec::try_from(limit).expect("a limit of minutes");
        // An interrupted wait is a short one: every caller looks again or has the kill timeout above it.
        let _ = poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timeout));
        let status = self.child.try_wait().expect("the child is ours");
        self.finished = status.is_some();
        status
    }

    fn events(&self) -> Vec<Event> {
        self.events.as_deref().map(read_events).unwrap_or_default()
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.records.join(name)).expect("the kit made this file");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn report(&self, state: &str) -> String {
        format!(
            "\n$ {}\n--- {state}; stdout:\n{}\n--- stderr:\n{}",
            self.line,
            self.read("stdout"),
            self.read("stderr")
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            // The group may be gone already; then there is nothing to kill.
            let _ = kill_process_group(self.pid(), Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
