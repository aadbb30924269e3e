//! A switch that is thrown once and seen by all who hold a copy of it.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells running work to stop; copies share one state.
#[derive(Debug, Clone)]
pub struct CancelToken {
    thrown: Arc<watch::Sender<bool>>,
}

impl CancelToken {
    /// A token that nobody has thrown yet.
    #[must_use]
    pub fn new() -> Self {
        CancelToken {
            thrown: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Throws the switch; it stays thrown.
    pub fn cancel(&self) {
        self.thrown.send_replace(true);
    }

    /// Whether the switch was thrown.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.thrown.borrow()
    }

    /// Resolves when the switch is thrown; at once when it already is.
    pub async fn cancelled(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.thrown.subscribe().wait_for(|thrown| *thrown).await;
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::CancelToken;

    #[tokio::test]
    async fn a_copy_sees_the_cancellation_whenever_it_starts_to_wait() {
        let token = CancelToken::new();
        let copy = token.clone();
        assert!(!copy.is_cancelled());
        let waiting = tokio::spawn({
            let copy = token.clone();
            async move { copy.cancelled().await }
        });
        token.cancel();
        waiting.await.unwrap();
        copy.cancelled().await;
        assert!(copy.is_cancelled());
    }
}
