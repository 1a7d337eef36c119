//! The events of a connection, and the conditions for its end.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use tokio::time::{sleep, timeout_at};

use super::{Accepted, Event, Waiting};
use crate::{
    http::{http2::active_streams::Active, proxy::Proxy},
    transport::{
        client_stream::{ClientStream, Gate},
        connection_info::ConnectionInfo,
        signal::Waiter,
    },
};

/// The part of a connection that its timers read.
pub(super) struct State {
    pub(super) proxy: Arc<Proxy>,
    pub(super) gate: Arc<Gate>,
    pub(super) connection: Arc<ConnectionInfo>,
    pub(super) active: Active,
    /// Time that a client has to close the connection after GOAWAY.
    pub(super) header_time: Duration,
}

/// The signals after which a connection ends once its streams have ended.
pub(super) struct Departure {
    drain: Waiter,
    leave: Waiter,
}

impl Departure {
    pub(super) fn new(proxy: &Proxy, connection: &ConnectionInfo) -> Self {
        Self {
            drain: proxy.drain.begun(),
            leave: connection.leave.waiter(),
        }
    }

    /// Waits until the connection has to end after its open streams.
    pub(super) async fn asked(&mut self) {
        poll_fn(|context| match self.drain.poll(context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => self.leave.poll(context),
        })
        .await;
    }
}

impl State {
    /// Waits until no stream was open for the idle timeout.
    pub(super) async fn timed_out(&self, leaving: bool) {
        self.active.none().await;
        let wait = match leaving {
            true if self.connection.is_stalled() => return,
            true => self.header_time,
            false => self.proxy.sites().config.limits.idle,
        };
        sleep(wait).await;
    }

    /// Waits for the next event.
    pub(super) async fn next(
        &self,
        h2: &mut h2::server::Connection<ClientStream, Bytes>,
        waiting: Option<&Waiting>,
    ) -> Event {
        match waiting {
            None => self.next_stream(h2).await,
            Some(waiting) => self.room(h2, waiting).await,
        }
    }

    /// Waits for the next stream. Whenever `h2` has no stream to accept, the gate lets it read the
    /// frames after the last field block.
    async fn next_stream(&self, h2: &mut h2::server::Connection<ClientStream, Bytes>) -> Event {
        let accepted = poll_fn(|context| {
            loop {
                let accepted = h2.poll_accept(context);
                if self.gate.fault().is_some() {
                    return Poll::Ready(None);
                }
                if accepted.is_ready() || !self.gate.open() {
                    return accepted.map(Some);
                }
            }
        });
        match accepted.await {
            None => Event::Fault,
            Some(Some(Ok((request, responder)))) => {
                Event::Stream(Box::new(Accepted { request, responder }))
            }
            Some(None | Some(Err(_))) => Event::Closed,
        }
    }

    /// Waits until a stream fits; `h2` sends meanwhile, and reads no further frame.
    async fn room(
        &self,
        h2: &mut h2::server::Connection<ClientStream, Bytes>,
        waiting: &Waiting,
    ) -> Event {
        let room = self.connection.memory.room_for(waiting.bytes);
        tokio::select! {
            biased;
            _ = timeout_at(waiting.until, room) => Event::Room,
            _ = poll_fn(|context| h2.poll_closed(context)) => Event::Closed,
        }
    }
}
