//! The three steps of an orderly end, each a little less patient.

use crate::transport::{connection_info::ConnectionInfo, signal::Signal};

/// Tells connections how far the end has come.
#[derive(Debug, Default)]
pub struct Drain {
    begun: Signal,
    /// Idle connections are closed now.
    pub closing: Signal,
    /// WebSockets are told goodbye now, and what has no end is cut.
    pub leaving: Signal,
}

impl Drain {
    /// First step: each response is the last of its connection.
    pub fn begin(&self) {
        self.begun.raise();
    }

    /// Waits for the first step.
    pub async fn begun(&self) {
        self.begun.raised().await;
    }

    /// Waits until a connection's endless response has to end; for ever when it has none.
    pub async fn cuts(&self, connection: &ConnectionInfo) {
        self.leaving.raised().await;
        if !connection.is_streaming() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the first step was taken.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.is_raised()
    }
}
