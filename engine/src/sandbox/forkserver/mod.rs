//! The process that creates sandboxes: small, of one thread, started once.
//!
//! The `kiln` binary executes itself with [`ARGUMENT`]; [`main`] then never
//! returns. It enters a user namespace, builds the root that every action
//! starts from ([`template`]) and forks an [`init`] for each action. It writes
//! no file outside its own tmpfs, and ends when the engine closes its socket.

mod confinement;
mod etc;
mod init;
mod leftovers;
mod mounts;
mod network;
mod program;
pub(super) mod seccomp;
mod syscall;
mod template;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use self::init::{Channels, NetworkPlace};
use self::network::NetworkPool;
use self::syscall::Forked;
use self::template::Template;
use super::error::{SetupError, Step};
use super::message::{Configuration, Reply, Start, Startup};
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
    syscall::exit_now(code)
}

/// Ends when the engine closes the socket.
fn serve() -> Result<(), Errno> {
    let socket = take_socket()?;
    syscall::begin_session();
    syscall::reset_signals();
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
    let server = Server {
        socket,
        template,
        child_signals: syscall::child_signal_descriptor()?,
        networks: NetworkPool::new(usize::try_from(configuration.network_pool).unwrap_or(0)),
    };
    server.run()
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
    let caller = confinement::enter_user_namespace()?;
    let template = template::build(configuration, caller)?;
    confinement::confine()?;
    seccomp::install(caller.keeps_groups)
        .map_err(|error| SetupError::on(Step::SystemCallFilter, error.to_string(), Errno::INVAL))?;
    Ok(template)
}

struct Server {
    socket: OwnedFd,
    template: Template,
    child_signals: OwnedFd,
    networks: NetworkPool,
}

impl Server {
    fn run(mut self) -> Result<(), Errno> {
        loop {
            let mut watched = [
                PollFd::new(&self.socket, PollFlags::IN),
                PollFd::new(&self.child_signals, PollFlags::IN),
            ];
            match rustix::event::poll(&mut watched, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
            let [from_engine, from_children] = watched.map(|entry| !entry.revents().is_empty());
            // First, so that a namespace is back before it is wanted again.
            if from_children {
                self.reap();
            }
            if from_engine && !self.start_one()? {
                return Ok(());
            }
        }
    }

    fn reap(&mut self) {
        let mut information = [0; size_of::<libc::signalfd_siginfo>()];
        let _ = rustix::io::read(&self.child_signals, &mut information);
        while let Ok(Some(reaped)) = syscall::reap(libc::WNOHANG) {
            self.networks.take_back(reaped.pid, reaped.status == 0);
        }
    }

    /// Starts one action; false when the engine is gone.
    fn start_one(&mut self) -> Result<bool, Errno> {
        let mut buffer = [0; 16];
        let received = packet::receive(self.socket.as_fd(), &mut buffer)?;
        if received.length == 0 {
            return Ok(false);
        }
        let start = Start::decode(&buffer[..received.length]).map_err(|_| Errno::BADMSG)?;
        let [control, stdout, stderr] =
            <[OwnedFd; 3]>::try_from(received.descriptors).map_err(|_| Errno::BADMSG)?;
        let channels = Channels {
            control,
            stdout,
            stderr,
        };
        let network = match start {
            Start::HostNetwork => NetworkPlace::Host,
            Start::Isolated => self.networks.lend(),
        };
        let new_network = match network {
            NetworkPlace::New => libc::CLONE_NEWNET,
            NetworkPlace::Host | NetworkPlace::Lent(_) => 0,
        };
        match syscall::fork_into(confinement::ACTION_NAMESPACES | new_network) {
            Ok(Forked::Child) => {
                self.become_init(channels, &network);
            }
            Ok(Forked::Parent(pid)) => self.networks.note(pid.as_raw_nonzero().get(), network),
            Err(errno) => refuse(channels.control.as_fd(), errno),
        }
        Ok(true)
    }

    fn become_init(&self, channels: Channels, network: &NetworkPlace) -> ! {
        // The engine learns of the forkserver's end only if nobody else holds
        // its socket; the process ends without dropping anything.
        syscall::close(self.socket.as_fd());
        let code = init::run(
            &self.template,
            self.child_signals.as_fd(),
            channels,
            network,
        );
        syscall::exit_now(code)
    }
}

/// Tells the engine that the action could not be created.
fn refuse(control: BorrowedFd<'_>, errno: Errno) {
    let reply = Reply::Failed(SetupError::new(Step::Namespaces, errno));
    // An engine that is gone needs no answer.
    let _ = packet::send(control, &reply.encode(), &[]);
}
