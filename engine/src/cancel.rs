//! A flag that says "stop", which any number of waiters can await.

use std::sync::Arc;

use tokio::sync::watch;

/// A shared request to stop. Once set it stays set.
#[derive(Debug, Clone)]
pub struct CancelToken(Arc<watch::Sender<bool>>);

impl CancelToken {
    /// A token that is not set.
    #[must_use]
    pub fn new() -> CancelToken {
        CancelToken(Arc::new(watch::Sender::new(false)))
    }

    /// Sets the token and wakes every waiter.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// True once the token is set.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the token is set.
    pub async fn cancelled(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot close before.
        let _ = receiver.wait_for(|set| *set).await;
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        CancelToken::new()
    }
}
