//! The engine's handle of the forkserver: its start, its end, its run area.
//!
//! One action is `action`'s part.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::io::Errno;
use tokio::sync::Semaphore;

use super::action::Action;
use super::error::{SandboxError, SetupError, Step};
use super::message::{Configuration, Start, Startup};
use super::outcome::Finished;
use super::spec::{Network, SandboxSpec};
use super::unavailable::{self, SandboxUnavailable};
use super::{forkserver, packet};
use crate::cancel::CancelToken;

/// More actions at a time than any machine runs.
const SLOT_LIMIT: usize = 1024;

/// What is the same for all actions of a [`Sandbox`].
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// What of the host every action sees.
    pub base: Base,
    /// Absolute files and directories of the host that every action sees,
    /// read-only, at the same path.
    pub host_paths: Vec<PathBuf>,
    /// Absolute directories in which [`super::Layer::Disk`] and
    /// [`super::Scratch::Disk`] may lie. No action sees them.
    pub disk_roots: Vec<PathBuf>,
    /// The size limit of the run area, in bytes. Only what is used takes memory.
    pub run_area_bytes: u64,
    /// How many actions run at a time; further ones wait for their turn.
    pub slots: usize,
}

/// What of the host actions see besides the configured host paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// `/usr` and its kin, `/etc/alternatives`, the dynamic linker's cache.
    Host,
    /// Nothing.
    Empty,
}

/// A running forkserver. Dropping it ends the forkserver and every action.
#[derive(Debug)]
pub struct Sandbox {
    server: Server,
    run_area: OwnedFd,
    disk_roots: Vec<PathBuf>,
    /// One permit for each action that may run.
    slots: Semaphore,
}

impl Sandbox {
    /// Starts the forkserver and waits until it is ready: some milliseconds.
    ///
    /// The running binary must call [`forkserver::main`] when its first argument
    /// is [`forkserver::ARGUMENT`].
    pub fn start(config: &SandboxConfig) -> Result<Sandbox, SandboxUnavailable> {
        let slots = config.slots.clamp(1, SLOT_LIMIT);
        let configuration = Configuration {
            host_base: config.base == Base::Host,
            host_paths: as_bytes(&config.host_paths),
            disk_roots: as_bytes(&config.disk_roots),
            run_area_bytes: config.run_area_bytes,
            slots: slots as u64,
        };
        let server = Server::spawn()?;
        let run_area = server.configure(&configuration)?;
        Ok(Sandbox {
            server,
            run_area,
            disk_roots: config.disk_roots.clone(),
            slots: Semaphore::new(slots),
        })
    }

    /// The directory in which the caller composes the trees that are to be
    /// [`super::Layer::RunArea`]: on a tmpfs, gone with the sandbox.
    #[must_use]
    pub fn run_area(&self) -> BorrowedFd<'_> {
        self.run_area.as_fd()
    }

    /// Runs one action to its end. When this returns, or is dropped, no process
    /// of the action is left.
    ///
    /// # Errors
    /// [`SandboxError::Spec`] before anything starts; [`SandboxError::Cancelled`]
    /// when `cancel` was thrown; the others when the machine does not do its
    /// part. A program that fails, or does not exist, is no error.
    pub async fn run(
        &self,
        spec: &SandboxSpec,
        cancel: &CancelToken,
    ) -> Result<Finished, SandboxError> {
        let order = spec.to_order(&self.disk_roots)?;
        let start = match spec.network {
            Network::None => Start::Isolated,
            Network::Host => Start::HostNetwork,
        };
        let _slot = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(SandboxError::Cancelled),
            slot = self.slots.acquire() => slot.map_err(|_| SandboxError::Died)?,
        };
        let action = Action::start(self.server.socket(), start, spec.log_limit)?;
        match action.finish(&order, spec.timeout, cancel).await {
            Err(SandboxError::Setup(error)) => Err(unavailable::explain(error)),
            result => result,
        }
    }
}

/// The forkserver's process and the socket that keeps it alive.
#[derive(Debug)]
struct Server {
    /// `None` only while dropping.
    socket: Option<OwnedFd>,
    process: Child,
}

impl Server {
    fn spawn() -> Result<Server, SandboxUnavailable> {
        let failed = |errno| SandboxUnavailable::new(SetupError::new(Step::Process, errno));
        let (socket, theirs) = packet::pair().map_err(failed)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the process that starts all others"
        )]
        let process = Command::new("/proc/self/exe")
            .arg(forkserver::ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(Errno::from_io_error(&error).unwrap_or(Errno::IO)))?;
        Ok(Server {
            socket: Some(socket),
            process,
        })
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_ref().expect("taken only in drop").as_fd()
    }

    /// Has the forkserver build its template; the answer is the run area.
    fn configure(&self, configuration: &Configuration) -> Result<OwnedFd, SandboxUnavailable> {
        let failed = |errno| SandboxUnavailable::new(SetupError::new(Step::Configuration, errno));
        packet::send_long(self.socket(), &configuration.encode()).map_err(failed)?;
        let mut buffer = vec![0; packet::PACKET_LIMIT];
        let received = packet::receive(self.socket(), &mut buffer).map_err(failed)?;
        match Startup::decode(&buffer[..received.length]) {
            Ok(Startup::Ready) => received
                .descriptors
                .into_iter()
                .next()
                .ok_or_else(|| failed(Errno::BADMSG)),
            Ok(Startup::Failed(error)) => Err(SandboxUnavailable::new(error)),
            Err(_) => Err(failed(Errno::BADMSG)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The closed socket ends the forkserver, and that ends every action.
        drop(self.socket.take());
        let _ = self.process.wait();
    }
}

fn as_bytes(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths
        .iter()
        .map(|path| path.as_os_str().as_bytes().to_vec())
        .collect()
}
