//! The messages between engine, forkserver and the init of an action.
//!
//! ```text
//! engine ── Configuration ─▶ forkserver            once, at start
//! engine ◀─ Startup ──────── forkserver            + descriptor of the run area
//! engine ── Start ─────────▶ forkserver            per action, + control, stdout, stderr
//! engine ── Order, Command ─▶ init                 over the action's control socket
//! engine ◀─ Reply ────────── init                  Ready carries upper and pidfd
//! ```
//! Both ends are the same binary; the version guards against a mixed pair.

use super::error::{SetupError, Step};
use super::wire::{Decoder, Encoder, WireError};

/// Raised with every change of any message.
const VERSION: u8 = 1;
/// The largest message that any side reads, in bytes: more than Linux takes as
/// arguments and environment of a program.
pub(super) const MESSAGE_LIMIT: usize = 8 << 20;

/// What the forkserver needs to know to build the template root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Configuration {
    /// Whether the host's `/usr` and its kin are visible.
    pub(super) host_base: bool,
    /// Absolute paths shown read-only at the same place.
    pub(super) host_paths: Vec<Vec<u8>>,
    /// Absolute directories in which layers and disk scratch may lie.
    pub(super) disk_roots: Vec<Vec<u8>>,
    pub(super) run_area_bytes: u64,
    /// How many actions run at a time.
    pub(super) slots: u64,
}

impl Configuration {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.byte(VERSION);
        encoder.byte(u8::from(self.host_base));
        encoder.list(&self.host_paths);
        encoder.list(&self.disk_roots);
        encoder.number(self.run_area_bytes);
        encoder.number(self.slots);
        encoder.finish()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut decoder = versioned(message)?;
        let configuration = Configuration {
            host_base: decoder.byte()? != 0,
            host_paths: decoder.list()?,
            disk_roots: decoder.list()?,
            run_area_bytes: decoder.number()?,
            slots: decoder.number()?,
        };
        decoder.finish()?;
        Ok(configuration)
    }
}

/// The forkserver's answer to its [`Configuration`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Startup {
    Ready,
    Failed(SetupError),
}

impl Startup {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.byte(VERSION);
        match self {
            Startup::Ready => encoder.byte(0),
            Startup::Failed(error) => {
                encoder.byte(1);
                put_error(&mut encoder, error);
            }
        }
        encoder.finish()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut decoder = versioned(message)?;
        let startup = match decoder.byte()? {
            0 => Startup::Ready,
            1 => Startup::Failed(take_error(&mut decoder)?),
            _ => return Err(WireError::Meaningless),
        };
        decoder.finish()?;
        Ok(startup)
    }
}

/// Asks the forkserver for one init; the value of the only byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Start {
    /// In a network namespace of its own.
    Isolated = 0,
    /// In the host's network namespace.
    HostNetwork = 1,
}

impl Start {
    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        match message {
            [0] => Ok(Start::Isolated),
            [1] => Ok(Start::HostNetwork),
            _ => Err(WireError::Meaningless),
        }
    }
}

/// Where upper layer, `$HOME` and `/tmp` of an action lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScratchPlace {
    /// On a tmpfs of its own, of that many bytes.
    Tmpfs(u64),
    /// In a directory, relative to the setup area.
    Disk(Vec<u8>),
}

/// All that an init needs to know about its action. Paths of layers are
/// relative to the setup area, see `forkserver::template`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) argv: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub(super) env: Vec<Vec<u8>>,
    pub(super) cwd: Vec<u8>,
    pub(super) layers: Vec<Vec<u8>>,
    pub(super) tool_layers: Vec<Vec<u8>>,
    pub(super) make_dirs: Vec<Vec<u8>>,
    pub(super) scratch: ScratchPlace,
    pub(super) host_network: bool,
}

impl Order {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.byte(VERSION);
        for list in [
            &self.argv,
            &self.env,
            &self.layers,
            &self.tool_layers,
            &self.make_dirs,
        ] {
            encoder.list(list);
        }
        encoder.bytes(&self.cwd);
        match &self.scratch {
            ScratchPlace::Tmpfs(bytes) => {
                encoder.byte(0);
                encoder.number(*bytes);
            }
            ScratchPlace::Disk(path) => {
                encoder.byte(1);
                encoder.bytes(path);
            }
        }
        encoder.byte(u8::from(self.host_network));
        encoder.finish()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut decoder = versioned(message)?;
        let order = Order {
            argv: decoder.list()?,
            env: decoder.list()?,
            layers: decoder.list()?,
            tool_layers: decoder.list()?,
            make_dirs: decoder.list()?,
            cwd: decoder.bytes()?.to_vec(),
            scratch: match decoder.byte()? {
                0 => ScratchPlace::Tmpfs(decoder.number()?),
                1 => ScratchPlace::Disk(decoder.bytes()?.to_vec()),
                _ => return Err(WireError::Meaningless),
            },
            host_network: decoder.byte()? != 0,
        };
        decoder.finish()?;
        Ok(order)
    }
}

/// What the engine may ask of a running init; the value of the only byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Command {
    /// SIGTERM to every process of the action.
    Terminate = b'T',
    /// SIGKILL to every process of the action; a report follows.
    Kill = b'K',
}

impl Command {
    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        match message {
            b"T" => Ok(Command::Terminate),
            b"K" => Ok(Command::Kill),
            _ => Err(WireError::Meaningless),
        }
    }
}

/// How the main process of an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Exited(u8),
    Signaled(u8),
    /// `execve` failed with this error number; the program never ran.
    NotExecuted(i32),
}

/// What an init says at the end, when no process but itself is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) ending: Ending,
    pub(super) user_micros: u64,
    pub(super) system_micros: u64,
    pub(super) max_rss_kib: u64,
    pub(super) scratch_full: bool,
    /// Names of the processes that were still alive, at most
    /// [`LEFTOVER_LIMIT`].
    pub(super) leftovers: Vec<Vec<u8>>,
}

/// More leftover processes than this are killed but not named.
pub(super) const LEFTOVER_LIMIT: usize = 16;

/// What an init tells the engine.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Everything is in place and the program starts now.
    Ready,
    Failed(SetupError),
    Finished(Report),
}

impl Reply {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        match self {
            Reply::Ready => encoder.byte(0),
            Reply::Failed(error) => {
                encoder.byte(1);
                put_error(&mut encoder, error);
            }
            Reply::Finished(report) => {
                encoder.byte(2);
                put_report(&mut encoder, report);
            }
        }
        encoder.finish()
    }

    pub(super) fn decode(message: &[u8]) -> Result<Self, WireError> {
        let mut decoder = Decoder::new(message);
        let reply = match decoder.byte()? {
            0 => Reply::Ready,
            1 => Reply::Failed(take_error(&mut decoder)?),
            2 => Reply::Finished(take_report(&mut decoder)?),
            _ => return Err(WireError::Meaningless),
        };
        decoder.finish()?;
        Ok(reply)
    }
}

fn versioned(message: &[u8]) -> Result<Decoder<'_>, WireError> {
    let mut decoder = Decoder::new(message);
    if decoder.byte()? == VERSION {
        Ok(decoder)
    } else {
        Err(WireError::Version)
    }
}

fn put_error(encoder: &mut Encoder, error: &SetupError) {
    encoder.byte(error.step as u8);
    encoder.number(u64::from(error.errno.unsigned_abs()));
    encoder.bytes(error.subject.as_bytes());
}

fn take_error(decoder: &mut Decoder<'_>) -> Result<SetupError, WireError> {
    Ok(SetupError {
        step: Step::from_byte(decoder.byte()?).ok_or(WireError::Meaningless)?,
        errno: i32::try_from(decoder.number()?).map_err(|_| WireError::Meaningless)?,
        subject: String::from_utf8_lossy(decoder.bytes()?).into_owned(),
    })
}

fn put_report(encoder: &mut Encoder, report: &Report) {
    let (kind, value) = match report.ending {
        Ending::Exited(code) => (0, u64::from(code)),
        Ending::Signaled(signal) => (1, u64::from(signal)),
        Ending::NotExecuted(errno) => (2, u64::from(errno.unsigned_abs())),
    };
    encoder.byte(kind);
    encoder.number(value);
    encoder.number(report.user_micros);
    encoder.number(report.system_micros);
    encoder.number(report.max_rss_kib);
    encoder.byte(u8::from(report.scratch_full));
    encoder.list(&report.leftovers);
}

fn take_report(decoder: &mut Decoder<'_>) -> Result<Report, WireError> {
    let kind = decoder.byte()?;
    let value = i32::try_from(decoder.number()?).map_err(|_| WireError::Meaningless)?;
    let small = u8::try_from(value).map_err(|_| WireError::Meaningless);
    Ok(Report {
        ending: match kind {
            0 => Ending::Exited(small?),
            1 => Ending::Signaled(small?),
            2 => Ending::NotExecuted(value),
            _ => return Err(WireError::Meaningless),
        },
        user_micros: decoder.number()?,
        system_micros: decoder.number()?,
        max_rss_kib: decoder.number()?,
        scratch_full: decoder.byte()? != 0,
        leftovers: decoder.list()?,
    })
}

#[cfg(test)]
mod tests;
