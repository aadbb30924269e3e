//! One run of an action for all processes that want it at once.
//!
//! Whoever runs the action of a key holds a byte of the lock file that stands
//! for the key, and gives a sign of life each second. The others ask now and
//! then, without a thread or an open call in between, and run the action
//! themselves when there has been no sign for ten seconds. Two keys that share
//! a byte wait for each other needlessly; nothing else depends on the locks.

use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use super::layout::FIRST_KEY;
use crate::key::ActionKey;
use crate::sys::clock;
use crate::sys::frozen::open_or_create;
use crate::sys::fs::FsResult;
use crate::sys::lock::{LockKind, Range, try_lock, unlock};

/// How often a holder gives a sign of life.
const BEAT: Duration = Duration::from_secs(1);

/// How long a holder may give none.
const STALLED: Duration = Duration::from_secs(10);

/// The shortest and the longest time between two questions of a waiter.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(100));

/// Places for signs of life in their file, eight bytes each.
const PLACES: u64 = 1 << 16;

/// What tells a waiter the time; another one in tests.
pub trait WaitClock: Sync {
    /// Time since some fixed point.
    fn now(&self) -> Duration;
    /// Lets `duration` pass.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineClock;

impl WaitClock for MachineClock {
    fn now(&self) -> Duration {
        clock::since_boot()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// How waiting for a key ended.
#[derive(Debug)]
pub enum Waited {
    /// The holder is done, and the key is the waiter's. Look for the holder's
    /// result or failure before running anything.
    Free(Flight),
    /// The holder has given no sign of life for too long: run the action without
    /// the key.
    Stalled,
}

/// The right to run the action of a key; given back when dropped.
#[derive(Debug)]
pub struct Flight {
    flights: Arc<Flights>,
    range: Range,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.held().remove(&self.range);
        // When this fails, the range is free at the end of the process.
        let _ = unlock(&self.flights.locks, self.range);
    }
}

/// The keys that are held, by this process and by others.
#[derive(Debug)]
pub struct Flights {
    locks: File,
    signs: File,
    /// Where to give signs of life for what this process holds.
    held: Mutex<HashMap<Range, Sign>>,
    /// Dropped with the flights, which ends the thread.
    heart: OnceLock<Option<Sender<()>>>,
}

/// A sign of life: whose, and how many there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sign {
    place: u64,
    process: u32,
    count: u32,
}

impl Flights {
    /// Opens the two files, which are made where there are none.
    pub fn open(locks: &Path, signs: &Path) -> FsResult<Flights> {
        Ok(Flights {
            locks: open_or_create(locks)?,
            signs: open_or_create(signs)?,
            held: Mutex::default(),
            heart: OnceLock::new(),
        })
    }

    /// Takes `key` if nobody holds it.
    pub fn try_take(self: &Arc<Self>, key: ActionKey) -> io::Result<Option<Flight>> {
        let range = range_of(key);
        let mut held = self.held();
        if held.contains_key(&range) || !try_lock(&self.locks, LockKind::Exclusive, range)? {
            return Ok(None);
        }
        let sign = Sign {
            place: place_of(key),
            process: std::process::id(),
            count: self.sign(key).map_or(0, |last| last.count.wrapping_add(1)),
        };
        held.insert(range, sign);
        drop(held);
        // Without signs the others stop waiting earlier, no more.
        let _ = self.give(sign);
        self.heart.get_or_init(|| start_heart(Arc::downgrade(self)));
        Ok(Some(Flight {
            flights: self.clone(),
            range,
        }))
    }

    /// The process that holds `key`, for messages; `None` when it is not known.
    #[must_use]
    pub fn holder(&self, key: ActionKey) -> Option<u32> {
        self.sign(key).map(|sign| sign.process)
    }

    /// Waits until `key` is free, or its holder seems not to go on.
    pub async fn wait(
        self: &Arc<Self>,
        key: ActionKey,
        clock: &impl WaitClock,
    ) -> io::Result<Waited> {
        let mut pause = PAUSES.0;
        let mut last = (self.sign(key), clock.now());
        loop {
            if let Some(flight) = self.try_take(key)? {
                return Ok(Waited::Free(flight));
            }
            let sign = self.sign(key);
            if sign != last.0 {
                last = (sign, clock.now());
            } else if clock.now().saturating_sub(last.1) >= STALLED {
                return Ok(Waited::Stalled);
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Gives a sign of life for each key that this process holds.
    fn beat(&self) {
        for sign in self.held().values_mut() {
            sign.count = sign.count.wrapping_add(1);
            // As above: no sign only shortens the waiting of others.
            let _ = self.give(*sign);
        }
    }

    fn give(&self, sign: Sign) -> io::Result<()> {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&sign.process.to_le_bytes());
        bytes[4..].copy_from_slice(&sign.count.to_le_bytes());
        self.signs.write_all_at(&bytes, sign.place * 8)
    }

    fn sign(&self, key: ActionKey) -> Option<Sign> {
        let place = place_of(key);
        let mut bytes = [0; 8];
        self.signs.read_exact_at(&mut bytes, place * 8).ok()?;
        let [a, b, c, d, e, f, g, h] = bytes;
        let sign = Sign {
            place,
            process: u32::from_le_bytes([a, b, c, d]),
            count: u32::from_le_bytes([e, f, g, h]),
        };
        (sign.process != 0).then_some(sign)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Range, Sign>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread that gives signs of life; it ends with `flights`.
fn start_heart(flights: Weak<Flights>) -> Option<Sender<()>> {
    let (sender, receiver) = channel();
    let run = move || {
        while receiver.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            match flights.upgrade() {
                Some(flights) => flights.beat(),
                None => break,
            }
        }
    };
    let thread = thread::Builder::new().name("kiln-heart".to_owned());
    thread.spawn(run).ok().map(|_| sender)
}

fn range_of(key: ActionKey) -> Range {
    // Two bits less, so that the sum is an offset that the system takes.
    let start = FIRST_KEY + (number(&key.0[..8]) >> 2);
    Range { start, length: 1 }
}

fn place_of(key: ActionKey) -> u64 {
    number(&key.0[8..16]) % PLACES
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
