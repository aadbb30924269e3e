//! The first process of an action's PID namespace: sets the sandbox up, starts
//! the program, waits, ends what is left and reports.
//!
//! When it exits, for whatever reason, the kernel kills all that is left.

use rustix::event::{PollFd, PollFlags};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::program::{self, Started};
use super::template::Template;
use super::{leftovers, mounts, process, syscall};
use crate::sandbox::error::{SetupError, Step};
use crate::sandbox::message::{Command, Ending, Order, Reply, Report};
use crate::sandbox::packet;

/// All that an init works with. It belongs to the worker, whose memory the
/// init shares, but not its table of descriptors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) template: &'a Template,
    /// See [`process::child_signal_descriptor`].
    pub(super) child_signals: BorrowedFd<'a>,
    /// The socket on which the worker hears of new actions.
    pub(super) server: BorrowedFd<'a>,
    /// To the engine, for this action.
    pub(super) control: BorrowedFd<'a>,
    pub(super) stdout: BorrowedFd<'a>,
    pub(super) stderr: BorrowedFd<'a>,
    /// The network namespace to enter; none to stay in the host's.
    pub(super) network: Option<BorrowedFd<'a>>,
}

/// Runs one action.
pub(super) fn run(surroundings: &mut Surroundings<'_>) {
    syscall::close(surroundings.server);
    // The engine's end of the control socket is the other safeguard, see `wait`.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    // An engine that is gone has nobody to be told.
    let (Ok(()) | Err(Interrupted)) = carry_out(surroundings);
}

/// The engine is gone, or was told of a failure: there is nothing left to say.
struct Interrupted;

fn carry_out(surroundings: &Surroundings<'_>) -> Result<(), Interrupted> {
    let control = surroundings.control;
    let tell = |reply: &Reply, descriptors: &[BorrowedFd<'_>]| {
        packet::send(control, &reply.encode(), descriptors).map_err(|_| Interrupted)
    };
    let fail = |error: SetupError| match tell(&Reply::Failed(error), &[]) {
        Ok(()) | Err(Interrupted) => Interrupted,
    };
    let order = receive_order(control).map_err(fail)?;
    enter_network(surroundings.network).map_err(fail)?;
    let upper = mounts::prepare(surroundings.template, &order).map_err(fail)?;
    let own_pidfd = rustix::process::pidfd_open(Pid::INIT, PidfdFlags::empty())
        .map_err(|errno| fail(SetupError::new(Step::Process, errno)))?;
    tell(&Reply::Ready, &[upper.as_fd(), own_pidfd.as_fd()])?;
    let ending = match program::start(order, surroundings.stdout, surroundings.stderr) {
        Ok(Started::Running(pid)) => wait(pid, control, surroundings.child_signals)?,
        Ok(Started::NotExecuted(errno)) => Ending::NotExecuted(errno.raw_os_error()),
        Err(error) => return Err(fail(error)),
    };
    let leftovers = leftovers::end_all();
    let report = report(ending, leftovers, upper.as_fd());
    tell(&Reply::Finished(report), &[])
}

fn receive_order(control: BorrowedFd<'_>) -> Result<Order, SetupError> {
    let failed = |errno| SetupError::new(Step::Order, errno);
    let message = packet::receive_long(control).map_err(failed)?;
    let message = message.ok_or(failed(Errno::PIPE))?;
    Order::decode(&message)
        .map_err(|error| SetupError::on(Step::Order, error.to_string(), Errno::BADMSG))
}

fn enter_network(network: Option<BorrowedFd<'_>>) -> Result<(), SetupError> {
    let Some(namespace) = network else {
        return Ok(());
    };
    let kind = Some(rustix::thread::LinkNameSpaceType::Network);
    rustix::thread::move_into_link_name_space(namespace, kind)
        .map_err(|errno| SetupError::new(Step::Network, errno))
}

/// Waits for the process `main`, obeying the engine meanwhile.
fn wait(
    main: i32,
    control: BorrowedFd<'_>,
    child_signals: BorrowedFd<'_>,
) -> Result<Ending, Interrupted> {
    loop {
        let mut watched = [
            PollFd::from_borrowed_fd(control, PollFlags::IN),
            PollFd::from_borrowed_fd(child_signals, PollFlags::IN),
        ];
        match rustix::event::poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return Err(Interrupted),
        }
        let [from_engine, from_children] = watched.map(|entry| !entry.revents().is_empty());
        if from_children && let Some(ending) = reap_until(main, child_signals) {
            return Ok(ending);
        }
        if from_engine {
            obey(control)?;
        }
    }
}

/// Reaps all that has ended; the answer is how `main` did, if it is among them.
fn reap_until(main: i32, child_signals: BorrowedFd<'_>) -> Option<Ending> {
    // One read takes all pending SIGCHLDs, which are one.
    let mut information = [0; size_of::<libc::signalfd_siginfo>()];
    let _ = rustix::io::read(child_signals, &mut information);
    while let Ok(Some(reaped)) = process::reap(libc::WNOHANG) {
        if reaped.pid == main {
            return Some(ending(reaped.status));
        }
    }
    None
}

fn ending(status: i32) -> Ending {
    if libc::WIFSIGNALED(status) {
        Ending::Signaled(u8::try_from(libc::WTERMSIG(status)).unwrap_or(u8::MAX))
    } else {
        Ending::Exited(u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX))
    }
}

/// Does what the engine says; a closed socket says that it is gone.
fn obey(control: BorrowedFd<'_>) -> Result<(), Interrupted> {
    let mut buffer = [0; 1];
    let received = packet::receive(control, &mut buffer).map_err(|_| Interrupted)?;
    match Command::decode(&buffer[..received.length]) {
        Ok(Command::Terminate) => process::signal_all(libc::SIGTERM),
        Ok(Command::Kill) => process::signal_all(libc::SIGKILL),
        Err(_) => return Err(Interrupted),
    }
    Ok(())
}

fn report(ending: Ending, leftovers: Vec<Vec<u8>>, upper: BorrowedFd<'_>) -> Report {
    let usage = process::usage_of_children();
    Report {
        ending,
        user_micros: micros(usage.ru_utime),
        system_micros: micros(usage.ru_stime),
        max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
        scratch_full: rustix::fs::fstatfs(upper).is_ok_and(|space| space.f_bavail == 0),
        leftovers,
    }
}

fn micros(time: libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000 + u64::try_from(time.tv_usec).unwrap_or(0)
}
