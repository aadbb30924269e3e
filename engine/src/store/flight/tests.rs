//! Flights between two handles, which are as apart as two processes, on a clock
//! that is moved by hand.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const KEY: ActionKey = ActionKey([7; 32]);

/// A clock that moves only while somebody sleeps, and then tells a witness.
struct FakeClock<F> {
    elapsed_ms: AtomicU64,
    witness: F,
}

impl<F: Fn(Duration) + Sync> FakeClock<F> {
    fn new(witness: F) -> FakeClock<F> {
        FakeClock {
            elapsed_ms: AtomicU64::new(0),
            witness,
        }
    }
}

impl<F: Fn(Duration) + Sync> WaitClock for FakeClock<F> {
    fn now(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        let duration = duration.as_millis() as u64;
        self.elapsed_ms.fetch_add(duration, Ordering::Relaxed);
        (self.witness)(self.now());
    }
}

/// Two processes' views of the same files.
fn two() -> (tempfile::TempDir, Arc<Flights>, Arc<Flights>) {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let at = |name: &str| directory.path().join(name);
        Arc::new(Flights::open(&at("locks"), &at("beats")).unwrap())
    };
    let (one, other) = (open(), open());
    (directory, one, other)
}

fn wait(flights: &Arc<Flights>, clock: &impl WaitClock) -> Waited {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(flights.wait(KEY, clock)).unwrap()
}

#[test]
fn a_key_is_held_once_and_free_again_when_dropped() {
    let (_directory, one, other) = two();
    let flight = one.try_take(KEY).unwrap().unwrap();
    assert!(one.try_take(KEY).unwrap().is_none(), "the same process");
    assert!(other.try_take(KEY).unwrap().is_none(), "another process");
    assert!(other.try_take(ActionKey([8; 32])).unwrap().is_some());
    assert_eq!(other.holder(KEY), Some(std::process::id()));
    drop(flight);
    assert!(other.try_take(KEY).unwrap().is_some());
}

#[test]
fn a_waiter_waits_as_long_as_the_holder_lives() {
    let (_directory, one, other) = two();
    let held = Mutex::new(one.try_take(KEY).unwrap());
    let clock = FakeClock::new(|now| {
        one.beat();
        if now > Duration::from_secs(60) {
            held.lock().unwrap().take();
        }
    });
    assert!(matches!(wait(&other, &clock), Waited::Free(_)));
    assert!(clock.now() > Duration::from_secs(60));
}

#[test]
fn a_waiter_gives_up_on_a_holder_that_stands_still() {
    let (_directory, one, other) = two();
    let _held = one.try_take(KEY).unwrap();
    // The last sign of life comes after five seconds.
    let clock = FakeClock::new(|now| {
        if now < Duration::from_secs(5) {
            one.beat();
        }
    });
    assert!(matches!(wait(&other, &clock), Waited::Stalled));
    let waited = clock.now();
    assert!(waited >= Duration::from_secs(14) && waited < Duration::from_secs(16));
}

#[test]
fn a_waiter_does_not_ask_all_the_time() {
    let (_directory, one, other) = two();
    let _held = one.try_take(KEY).unwrap();
    let questions = AtomicU64::new(0);
    let clock = FakeClock::new(|_| {
        questions.fetch_add(1, Ordering::Relaxed);
    });
    wait(&other, &clock);
    assert!(questions.load(Ordering::Relaxed) < 120);
}
