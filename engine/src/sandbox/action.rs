//! The engine's side of one action: its channels, its clock, its end.

use std::future::pending;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::SendFlags;
use rustix::process::Signal;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep_until};

use super::error::SandboxError;
use super::log::{Log, Stream};
use super::message::{Command, Ending, Order, Reply, Report, Start};
use super::outcome::{Exit, Finished, Usage};
use super::packet::{self, PACKET_LIMIT};
use super::watch::watch;
use crate::cancel::CancelToken;

/// How long an action may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// What one read of the log takes at most: a full pipe.
const READ_BYTES: usize = 64 << 10;

/// One action between its start and its end. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Action {
    control: AsyncFd<OwnedFd>,
    stdout: LogPipe,
    stderr: LogPipe,
    log: Log,
    running: Option<Running>,
}

/// What came with [`Reply::Ready`].
#[derive(Debug)]
struct Running {
    upper: OwnedFd,
    /// The action's init; when it is gone, so is the whole action.
    init: OwnedFd,
}

/// How far the timeout of an action got.
#[derive(Debug, Clone, Copy)]
enum Deadline {
    /// There is none.
    Never,
    /// The action is asked to end then.
    Terminate(Instant),
    /// It was asked, and is killed then.
    Kill(Instant),
    /// It was killed, and its report is waited for until then.
    GiveUp(Instant),
}

impl Action {
    /// Asks the forkserver for a new init.
    pub(super) fn start(
        server: BorrowedFd<'_>,
        start: Start,
        log_limit: usize,
    ) -> Result<Action, SandboxError> {
        let failed = |errno: rustix::io::Errno| SandboxError::Io {
            operation: "create the channels",
            source: errno.into(),
        };
        let (control, their_control) = packet::pair().map_err(failed)?;
        let (stdout, their_stdout) = LogPipe::new(Stream::Stdout)?;
        let (stderr, their_stderr) = LogPipe::new(Stream::Stderr)?;
        rustix::io::ioctl_fionbio(&control, true).map_err(failed)?;
        let control = watch(control, Interest::READABLE | Interest::WRITABLE)
            .map_err(SandboxError::io("watch the channels"))?;
        let theirs = [&their_control, &their_stdout, &their_stderr];
        packet::send(server, &[start as u8], &theirs.map(AsFd::as_fd))
            .map_err(|_| SandboxError::Died)?;
        Ok(Action {
            control,
            stdout,
            stderr,
            log: Log::new(log_limit),
            running: None,
        })
    }

    /// Hands `order` over and waits for the end.
    pub(super) async fn finish(
        mut self,
        order: &Order,
        timeout: Option<Duration>,
        cancel: &CancelToken,
    ) -> Result<Finished, SandboxError> {
        let ended = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            ended = self.converse(order, timeout) => Some(ended),
        };
        match ended {
            Some(Ok((report, timed_out))) => self.conclude(report, timed_out),
            Some(Err(error)) => {
                self.kill().await;
                Err(error)
            }
            None => {
                self.kill().await;
                Err(SandboxError::Cancelled)
            }
        }
    }

    /// From the order to the report; the answer says whether time ran out.
    async fn converse(
        &mut self,
        order: &Order,
        timeout: Option<Duration>,
    ) -> Result<(Report, bool), SandboxError> {
        self.send_order(order).await?;
        let mut deadline = timeout.map_or(Deadline::Never, |timeout| {
            Deadline::Terminate(Instant::now() + timeout)
        });
        loop {
            tokio::select! {
                reply = receive(&self.control) => match reply? {
                    (Reply::Ready, descriptors) => self.running = Some(running(descriptors)?),
                    (Reply::Failed(error), _) => return Err(SandboxError::Setup(error)),
                    (Reply::Finished(report), _) => {
                        let timed_out = !matches!(
                            deadline,
                            Deadline::Never | Deadline::Terminate(_)
                        );
                        return Ok((report, timed_out));
                    }
                },
                ready = self.stdout.readable() => {
                    ready?;
                    self.stdout.read_into(&mut self.log)?;
                }
                ready = self.stderr.readable() => {
                    ready?;
                    self.stderr.read_into(&mut self.log)?;
                }
                () = reached(deadline) => deadline = self.escalate(deadline)?,
            }
        }
    }

    async fn send_order(&self, order: &Order) -> Result<(), SandboxError> {
        let framed = packet::split(&order.encode());
        for part in framed.chunks(PACKET_LIMIT) {
            let sent = self
                .control
                .async_io(Interest::WRITABLE, |socket| {
                    Ok(packet::send(socket.as_fd(), part, &[])?)
                })
                .await;
            match sent {
                Ok(()) => {}
                // It failed before it read the order; its reply says why.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(SandboxError::io("send the order")(error)),
            }
        }
        Ok(())
    }

    /// Does what is due, and says what is due next.
    fn escalate(&self, deadline: Deadline) -> Result<Deadline, SandboxError> {
        let next = Instant::now() + GRACE;
        match deadline {
            Deadline::Never => Ok(deadline),
            Deadline::Terminate(_) => {
                self.command(Command::Terminate);
                Ok(Deadline::Kill(next))
            }
            Deadline::Kill(_) => {
                self.command(Command::Kill);
                Ok(Deadline::GiveUp(next))
            }
            Deadline::GiveUp(_) => Err(SandboxError::Died),
        }
    }

    /// An init that is gone does not need the command.
    fn command(&self, command: Command) {
        let _ = rustix::net::send(
            self.control.get_ref(),
            &[command as u8],
            SendFlags::NOSIGNAL,
        );
    }

    /// Kills the action and waits until nothing of it is left.
    async fn kill(&mut self) {
        let Some(running) = self.running.take() else {
            // Nothing of the action runs yet, and its init ends when the
            // control socket closes.
            return;
        };
        running.kill();
        if let Ok(init) = watch(running.init, Interest::READABLE) {
            // Readable when the init, the last of its namespace, has ended.
            let _ = init.readable().await;
        }
    }

    /// Takes the rest of the log and puts the result together.
    fn conclude(mut self, report: Report, timed_out: bool) -> Result<Finished, SandboxError> {
        // All writers are gone, so what there is lies in the pipes.
        while self.stdout.read_into(&mut self.log)? {}
        while self.stderr.read_into(&mut self.log)? {}
        self.log.close();
        let running = self.running.take().ok_or(SandboxError::Died)?;
        let exit = match report.ending {
            _ if timed_out => Exit::TimedOut,
            Ending::Exited(code) => Exit::Code(code.into()),
            Ending::Signaled(signal) => Exit::Signal(signal.into()),
            Ending::NotExecuted(errno) => Exit::NotExecuted(errno),
        };
        Ok(Finished {
            exit,
            usage: Usage {
                user: Duration::from_micros(report.user_micros),
                system: Duration::from_micros(report.system_micros),
                max_rss_kib: report.max_rss_kib,
            },
            log: std::mem::take(&mut self.log),
            upper: running.upper,
            leftovers: report
                .leftovers
                .iter()
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
            scratch_full: report.scratch_full,
        })
    }
}

impl Running {
    fn kill(&self) {
        // One that is gone already needs no signal.
        let _ = rustix::process::pidfd_send_signal(&self.init, Signal::KILL);
    }
}

impl Drop for Action {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.kill();
        }
    }
}

fn running(descriptors: Vec<OwnedFd>) -> Result<Running, SandboxError> {
    let [upper, init] = descriptors.try_into().map_err(|_| SandboxError::Died)?;
    Ok(Running { upper, init })
}

async fn receive(control: &AsyncFd<OwnedFd>) -> Result<(Reply, Vec<OwnedFd>), SandboxError> {
    let mut buffer = [0; 4096];
    let received = control
        .async_io(Interest::READABLE, |socket| {
            Ok(packet::receive(socket.as_fd(), &mut buffer)?)
        })
        .await
        .map_err(|_| SandboxError::Died)?;
    // An empty packet is the end of the socket, which the init closes only by
    // ending.
    let reply = Reply::decode(&buffer[..received.length]).map_err(|_| SandboxError::Died)?;
    Ok((reply, received.descriptors))
}

async fn reached(deadline: Deadline) {
    match deadline {
        Deadline::Never => pending().await,
        Deadline::Terminate(time) | Deadline::Kill(time) | Deadline::GiveUp(time) => {
            sleep_until(time).await;
        }
    }
}

/// The engine's end of an action's stdout or stderr.
#[derive(Debug)]
struct LogPipe {
    stream: Stream,
    /// `None` after its end.
    pipe: Option<Receiver>,
}

impl LogPipe {
    /// The pipe and the end for the action.
    fn new(stream: Stream) -> Result<(LogPipe, OwnedFd), SandboxError> {
        let (ours, theirs) = io::pipe().map_err(SandboxError::io("create the log pipes"))?;
        let pipe = Receiver::from_owned_fd(ours.into())
            .map_err(SandboxError::io("watch the log pipes"))?;
        let pipe = LogPipe {
            stream,
            pipe: Some(pipe),
        };
        Ok((pipe, theirs.into()))
    }

    /// Waits for output; never resolves after the end.
    async fn readable(&self) -> Result<(), SandboxError> {
        match &self.pipe {
            None => pending().await,
            Some(pipe) => pipe
                .readable()
                .await
                .map_err(SandboxError::io("read the output")),
        }
    }

    /// Reads once; false when there is nothing more for now.
    fn read_into(&mut self, log: &mut Log) -> Result<bool, SandboxError> {
        let Some(pipe) = &self.pipe else {
            return Ok(false);
        };
        let mut buffer = [0; READ_BYTES];
        match pipe.try_read(&mut buffer) {
            Ok(0) => {
                self.pipe = None;
                Ok(false)
            }
            Ok(count) => {
                log.push(self.stream, &buffer[..count]);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(SandboxError::io("read the output")(error)),
        }
    }
}
