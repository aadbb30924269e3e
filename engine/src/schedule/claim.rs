//! Who runs an action that several processes want at once.
//!
//! Whoever holds the key's place runs it; the others wait and take its result
//! or its failure. Only duplicate work is avoided here: nothing is wrong when
//! it happens all the same.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use crate::key::ActionKey;
use crate::store::flight::{Flight, MachineClock, Waited};
use crate::store::{ActionResult, Store};
use crate::sys::clock;

/// What came of the wish to run an action.
#[derive(Debug)]
pub enum Claim {
    /// It is ours to run; the place is given back when the flight is dropped.
    Ours(Option<Flight>),
    /// Another process made the result meanwhile.
    Found(Arc<ActionResult>),
    /// Another process tried, and this is how it failed.
    Failed(SharedFailure),
}

/// A failure as one process hands it to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFailure {
    /// What failed.
    pub message: String,
    /// Exit code; 128+n on signal n.
    pub exit: i32,
    /// What the action wrote.
    pub log: Vec<u8>,
}

/// Claims the right to run the action of `key`. `waiting` is called with the
/// process waited for, when there is one.
pub async fn claim(store: &Store, key: ActionKey, waiting: impl FnOnce(Option<u32>)) -> Claim {
    let Some(flights) = store.flights() else {
        return Claim::Ours(None);
    };
    let since = clock::since_boot();
    // A lock that cannot be taken is a lock that protects nothing.
    let flight = match flights.try_take(key) {
        Ok(Some(flight)) => flight,
        Err(_) => return Claim::Ours(None),
        Ok(None) => {
            waiting(flights.holder(key));
            match flights.wait(key, &MachineClock).await {
                Ok(Waited::Free(flight)) => flight,
                Ok(Waited::Stalled) | Err(_) => return Claim::Ours(None),
            }
        }
    };
    if let Some(result) = store.results(&[key]).pop().flatten() {
        return Claim::Found(result);
    }
    let failure = store.failure_since(key, since);
    match failure.and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        Some(failure) => Claim::Failed(failure),
        None => Claim::Ours(Some(flight)),
    }
}

/// Gives places back once what was published is written, on a thread of its
/// own: a waiter that is woken must find the result.
#[derive(Debug)]
pub struct Release {
    sender: Option<Sender<Flight>>,
    thread: Option<JoinHandle<()>>,
}

impl Release {
    /// Starts the thread.
    #[must_use]
    pub fn start(store: Arc<Store>) -> Release {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("release".to_owned())
            .spawn(move || release_all(&store, &receiver))
            .ok();
        Release {
            sender: Some(sender),
            thread,
        }
    }

    /// Gives a place back when everything published so far is written.
    pub fn after_writing(&self, flight: Flight) {
        if let Some(sender) = &self.sender {
            // Without the thread the flight is dropped here: others run again.
            let _ = sender.send(flight);
        }
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell but a panic, which was told already.
            let _ = thread.join();
        }
    }
}

/// One wait for the disk serves all places that were to be given back before it.
fn release_all(store: &Store, receiver: &Receiver<Flight>) {
    while let Ok(first) = receiver.recv() {
        let mut batch = vec![first];
        batch.extend(receiver.try_iter());
        store.flush();
        drop(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_the_way_to_another_process() {
        let failure = SharedFailure {
            message: "exit 3".into(),
            exit: 3,
            log: vec![0, 255, 10],
        };
        let bytes = serde_json::to_vec(&failure).unwrap();
        assert_eq!(
            serde_json::from_slice::<SharedFailure>(&bytes).unwrap(),
            failure
        );
    }
}
