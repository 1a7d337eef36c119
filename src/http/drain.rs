//! The three steps in which a process drains its connections.

use crate::transport::{
    connection_info::ConnectionInfo,
    signal::{Signal, Waiter},
};

/// The steps of the drain, as signals to all connections.
#[derive(Debug, Default)]
pub struct Drain {
    begun: Signal,
    /// Second step: idle connections close.
    pub closing: Signal,
    /// Third step: WebSockets get a close frame, and responses without an end are cut.
    pub leaving: Signal,
}

impl Drain {
    /// Begins the first step: connections close after their current response.
    pub fn begin(&self) {
        self.begun.raise();
    }

    /// A waiter for the first step.
    pub fn begun(&self) -> Waiter {
        self.begun.waiter()
    }

    /// Waits for the third step, if the connection has a response without an end; otherwise waits
    /// for ever.
    pub async fn cut_streaming(&self, connection: &ConnectionInfo) {
        self.leaving.raised().await;
        if !connection.is_streaming() {
            std::future::pending::<()>().await;
        }
    }

    /// Reports whether the first step has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.is_raised()
    }
}
