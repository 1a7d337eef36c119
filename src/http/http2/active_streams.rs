//! The count of open streams on a connection.

use tokio::sync::watch;

/// The count of open streams on a connection.
pub(super) struct Active(watch::Sender<usize>);

/// An open stream, counted until dropped.
pub(super) struct ActiveStream(watch::Sender<usize>);

impl Default for Active {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Active {
    /// Counts one more stream.
    pub(super) fn enter(&self) -> ActiveStream {
        self.0.send_modify(|count| *count += 1);
        ActiveStream(self.0.clone())
    }

    /// Waits until no stream is open.
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
