//! The process that creates sandboxes: small, of one thread, started once.
//!
//! The `kiln` binary executes itself with [`ARGUMENT`]; [`main`] then never
//! returns. It enters a user namespace, builds the root that every action
//! starts from (`template`) and keeps a number of `worker`s, each of which runs
//! one action after the other, through an `init` for each. None of them writes a
//! file outside the action's scratch, and all end when the engine closes its
//! socket.

mod confinement;
mod etc;
mod init;
mod leftovers;
mod mounts;
mod network;
mod process;
mod program;
mod root;
pub(super) mod seccomp;
mod sources;
mod syscall;
mod template;
mod worker;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use self::process::Forked;
use self::template::Template;
use self::worker::{Farewell, Worker};
use super::error::{SetupError, Step};
use super::message::{Configuration, Startup};
use super::packet;

/// The first argument that makes the binary a forkserver.
pub const ARGUMENT: &str = "__forkserver";

/// The socket to the engine, once it left standard input.
const SOCKET: i32 = 3;

/// Serves the engine whose socket is standard input, and never returns.
///
/// A binary that starts sandboxes calls this before anything else when its
/// first argument is [`ARGUMENT`].
pub fn main() -> ! {
    let code = match serve() {
        Ok(()) => 0,
        Err(_) => 1,
    };
    process::exit_now(code)
}

/// Ends when the engine closes the socket.
fn serve() -> Result<(), Errno> {
    let socket = take_socket()?;
    process::begin_session();
    process::reset_signals();
    let Some(message) = packet::receive_long(socket.as_fd())? else {
        return Ok(());
    };
    let prepared = Configuration::decode(&message)
        .map_err(|error| SetupError::on(Step::Configuration, error.to_string(), Errno::BADMSG))
        .and_then(|configuration| {
            let template = prepare(&configuration)?;
            Ok((configuration, template))
        });
    let (configuration, template) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return packet::send(socket.as_fd(), &Startup::Failed(error).encode(), &[]),
    };
    packet::send(
        socket.as_fd(),
        &Startup::Ready.encode(),
        &[template.run_area.as_fd()],
    )?;
    // Twice the number, so that the end of one action, which the engine does
    // not wait for, does not delay the next.
    keep_workers(configuration.slots * 2, socket.as_fd(), &template)
}

/// Keeps `count` workers until the engine is gone.
fn keep_workers(count: u64, socket: BorrowedFd<'_>, template: &Template) -> Result<(), Errno> {
    for _ in 0..count {
        fork_worker(socket, template)?;
    }
    loop {
        match process::reap(0) {
            // The engine is gone, and the others will find out as well.
            Ok(Some(reaped)) if reaped.status == 0 => {}
            Ok(_) => fork_worker(socket, template)?,
            Err(Errno::CHILD) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
}

fn fork_worker(socket: BorrowedFd<'_>, template: &Template) -> Result<(), Errno> {
    match process::fork()? {
        Forked::Parent => Ok(()),
        Forked::Child => {
            let farewell = Worker::new(socket, template).and_then(|mut worker| worker.serve());
            process::exit_now(i32::from(farewell != Ok(Farewell::EngineGone)))
        }
    }
}

/// Moves the socket out of the way and leaves `/dev/null` as standard input,
/// output and error; whatever else was inherited is closed.
fn take_socket() -> Result<OwnedFd, Errno> {
    syscall::duplicate_to(0, SOCKET)?;
    syscall::close_from(SOCKET + 1);
    let socket = syscall::own_descriptor(SOCKET);
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let null = rustix::fs::open(c"/dev/null", flags, Mode::empty())?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(socket)
}

fn prepare(configuration: &Configuration) -> Result<Template, SetupError> {
    confinement::fix_limits()?;
    let caller = confinement::enter_user_namespace()?;
    let template = template::build(configuration, caller)?;
    confinement::confine()?;
    seccomp::install(caller.keeps_groups)
        .map_err(|error| SetupError::on(Step::SystemCallFilter, error.to_string(), Errno::INVAL))?;
    Ok(template)
}
