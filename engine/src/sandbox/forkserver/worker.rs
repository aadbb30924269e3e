//! A process that runs one action after the other.
//!
//! It is suspended while an action's init runs, since the two share their
//! memory: nothing is copied, and nothing faults in again. An init that was
//! killed may leave that memory in any state, so its worker ends with it, and
//! the forkserver starts another.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::process::Signal;

use super::init::{self, Surroundings};
use super::template::Template;
use super::{confinement, network, process};
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::{Reply, Start};
use crate::sandbox::packet;

/// For the init, which has no deep recursion and no large values.
const STACK_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Worker<'a> {
    /// Shared by all workers; each packet reaches one of them.
    server: BorrowedFd<'a>,
    template: &'a Template,
    child_signals: OwnedFd,
    /// Made with the first action that needs it.
    network: Option<OwnedFd>,
    /// Never grows: only its capacity is used.
    stack: Vec<u8>,
}

/// Why a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The engine closed the socket.
    EngineGone,
    /// An init died in the middle of something.
    MemoryUncertain,
}

impl<'a> Worker<'a> {
    pub(super) fn new(server: BorrowedFd<'a>, template: &'a Template) -> Result<Self, Errno> {
        // The forkserver's end is the end of all; it has one thread, so this is
        // about the process.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        Ok(Worker {
            server,
            template,
            child_signals: process::child_signal_descriptor()?,
            network: None,
            stack: Vec::with_capacity(STACK_BYTES),
        })
    }

    /// Runs actions as they come.
    pub(super) fn serve(&mut self) -> Result<Farewell, Errno> {
        let mut buffer = [0; 16];
        loop {
            let received = packet::receive(self.server, &mut buffer)?;
            if received.length == 0 {
                return Ok(Farewell::EngineGone);
            }
            let start = Start::decode(&buffer[..received.length]).map_err(|_| Errno::BADMSG)?;
            let channels =
                <[OwnedFd; 3]>::try_from(received.descriptors).map_err(|_| Errno::BADMSG)?;
            if !self.run(start, &channels)? {
                return Ok(Farewell::MemoryUncertain);
            }
        }
    }

    /// Runs one action to its end; false when its init was killed.
    fn run(&mut self, start: Start, channels: &[OwnedFd; 3]) -> Result<bool, Errno> {
        let [control, stdout, stderr] = channels.each_ref().map(AsFd::as_fd);
        if start == Start::Isolated && self.network.is_none() {
            match network::create(&mut self.stack) {
                Ok(namespace) => self.network = Some(namespace),
                Err(error) => return Ok(refuse(control, error)),
            }
        }
        let mut surroundings = Surroundings {
            template: self.template,
            child_signals: self.child_signals.as_fd(),
            server: self.server,
            control,
            stdout,
            stderr,
            network: match start {
                Start::Isolated => self.network.as_ref().map(AsFd::as_fd),
                Start::HostNetwork => None,
            },
        };
        let spawned = process::spawn_sharing_memory(
            confinement::ACTION_NAMESPACES,
            self.stack.spare_capacity_mut(),
            init::run,
            &mut surroundings,
        );
        match spawned {
            // All processes of the action are gone when its init is reaped.
            Ok(_) => Ok(process::reap(0)?.is_some_and(|reaped| reaped.status == 0)),
            Err(errno) => Ok(refuse(control, SetupError::new(Step::Namespaces, errno))),
        }
    }
}

/// Tells the engine that the action could not be created; the worker lives on.
fn refuse(control: BorrowedFd<'_>, error: SetupError) -> bool {
    // An engine that is gone needs no answer.
    let _ = packet::send(control, &Reply::Failed(error).encode(), &[]);
    true
}
