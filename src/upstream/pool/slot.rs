//! The counts of one connection and of one starving request, which end when dropped.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{SCARCE, ServerConnections};
use crate::upstream::UpstreamStream;

/// A connection without a request.
pub(in crate::upstream) struct Idle {
    pub(in crate::upstream) stream: UpstreamStream,
    pub(in crate::upstream) slot: Slot,
    pub(super) since: Instant,
    /// Time after `since` at which the connection closes.
    lifetime: Duration,
}

/// The count of an open connection, until dropped.
pub(in crate::upstream) struct Slot(pub(super) Arc<ServerConnections>);

/// The count of a request that gets no response on its new connection, until dropped.
pub(in crate::upstream) struct StarvingRequest(pub(super) Arc<ServerConnections>);

impl Slot {
    /// Ready once a request waits for a connection within the limit.
    pub(in crate::upstream) fn wanted(&self) -> impl Future<Output = ()> + Send + 'static {
        let server = self.0.clone();
        async move { server.wanted().notified().await }
    }

    /// Stores a connection after its last response was read to its end, for at most `lifetime`.
    pub(in crate::upstream) fn store(self, stream: UpstreamStream, lifetime: Duration) {
        let server = self.0.clone();
        server.store(Idle {
            stream,
            slot: self,
            since: Instant::now(),
            lifetime,
        });
    }
}

impl Idle {
    pub(super) fn is_usable(&mut self, is_scarce: bool) -> bool {
        let lifetime = match is_scarce {
            true => self.lifetime.min(SCARCE),
            false => self.lifetime,
        };
        self.since.elapsed() < lifetime && self.stream.is_silent()
    }

    /// Moves the connection to this thread's runtime, so that no wake-up crosses threads.
    pub(super) fn moved(self) -> Option<Self> {
        let stream = self.stream.moved().ok()?;
        Some(Self { stream, ..self })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        counts.open = counts.open.saturating_sub(1);
        drop(counts);
        self.0.freed.notify_one();
    }
}

impl Drop for StarvingRequest {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        counts.starving = counts.starving.saturating_sub(1);
        counts.owed = counts.owed.min(counts.starving);
    }
}
