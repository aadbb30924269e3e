//! Blocking work off the asynchronous threads: one bounded pool for file
//! system calls and hashing.

use tokio::sync::oneshot;

/// Runs `work` on the pool and waits for its answer without holding a thread.
///
/// # Panics
/// When `work` panics, as if it had been called directly.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // Nobody waits any more when the request was dropped.
        let _ = sender.send(result);
    });
    match receiver.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(_) => unreachable!("the pool sends an answer for all work, panics included"),
    }
}
