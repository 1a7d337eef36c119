//! The three steps of an orderly end, each a little less patient.

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::transport::connection_info::ConnectionInfo;

/// Tells connections how far the end has come.
#[derive(Debug)]
pub struct Drain {
    begun: watch::Sender<bool>,
    /// Idle connections are closed now.
    pub closing: CancellationToken,
    /// WebSockets are told goodbye now, and what has no end is cut.
    pub leaving: CancellationToken,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            begun: watch::Sender::new(false),
            closing: CancellationToken::new(),
            leaving: CancellationToken::new(),
        }
    }
}

impl Drain {
    /// First step: each answer is the last of its connection.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Waits for the first step.
    pub async fn begun(&self) {
        // The sender lives as long as `self`.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }

    /// Waits until a connection's endless answer has to end; for ever when it has none.
    pub async fn cuts(&self, connection: &ConnectionInfo) {
        self.leaving.cancelled().await;
        if !connection.is_streaming() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the first step was taken.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }
}
