//! The streams under way on a connection, counted.

use tokio::sync::watch;

/// The streams under way on a connection.
pub(super) struct Active(watch::Sender<usize>);

/// A stream under way; counted until dropped.
pub(super) struct ActiveStream(watch::Sender<usize>);

impl Default for Active {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Active {
    /// Counts one more.
    pub(super) fn enter(&self) -> ActiveStream {
        self.0.send_modify(|count| *count += 1);
        ActiveStream(self.0.clone())
    }

    /// Waits until there is none.
    pub(super) async fn none(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for ActiveStream {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
