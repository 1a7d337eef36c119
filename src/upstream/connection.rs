//! Connections to the servers of an upstream: an idle one, or a new one to the next that answers.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use pingora_core::protocols::ALPN;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::{
    Reuse, Route, UpstreamStream,
    dial::{Dialer, Fault, Unreachable},
    http2::{self, Http2Request, Http2Stream},
    pool::{Idle, Pool, QUEUED, Server, Slot, Starving},
    route::Target,
};

/// Opens connections to servers, and keeps those that can be used again.
#[derive(Default)]
pub struct Connector {
    dialer: Dialer,
    pool: Pool,
    http2: http2::Connections,
}

/// A connection to a server.
pub struct UpstreamConnection {
    /// Its bytes.
    pub stream: UpstreamStream,
    /// Set for a reused connection, which may have ended just now.
    pub used: bool,
    slot: Slot,
    lifetime: Duration,
    starvation: Option<Starvation>,
}

/// A new connection that waits for its server.
struct Starvation {
    server: Arc<Server>,
    timer: Pin<Box<Sleep>>,
    starving: Option<Starving>,
}

/// Lifetime of an idle connection in the clear, where a new one costs nothing.
const CHEAP: Duration = Duration::from_secs(1);
/// Lifetime of an idle connection over TLS; Jetty closes its own after 300 s.
const DEAR: Duration = Duration::from_secs(60);
/// Time for a server to answer a new connection before an idle one is closed for it.
const STARVED: Duration = Duration::from_millis(100);
/// Time until the next idle connection is closed for it.
const STARVED_AGAIN: Duration = Duration::from_secs(1);

impl Connector {
    /// Connects to the server of a route, or to its next server or address when one cannot be
    /// reached.
    ///
    /// # Errors
    /// The failure of the last one.
    pub async fn connect(
        &self,
        route: &mut Route,
        reuse: Reuse,
    ) -> Result<UpstreamConnection, Unreachable> {
        let mut last = Unreachable::Down;
        while let Ok(Some(target)) = route.target(ALPN::H1).await {
            match self.connect_to(&target, route.connections(), reuse).await {
                Ok(connection) => return Ok(connection),
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Opens a stream of HTTP/2 with this request to the server of a route, or to its next server
    /// or address when one cannot be reached; `ended` says that no body follows.
    ///
    /// # Errors
    /// The failure of the last one.
    pub async fn open_stream(
        &self,
        route: &mut Route,
        request: &Http2Request,
        ended: bool,
    ) -> Result<Http2Stream, Unreachable> {
        let mut last = Unreachable::Down;
        while let Ok(Some(target)) = route.target(ALPN::H2).await {
            let server = self.http2.server(&target);
            let way = (&self.dialer, &target, route.connections());
            match server.open_stream(way, request, ended).await {
                Ok(stream) => return Ok(stream),
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Keeps a connection whose last response was read to its end.
    pub fn keep(&self, connection: UpstreamConnection) {
        let UpstreamConnection {
            stream,
            slot,
            lifetime,
            ..
        } = connection;
        slot.keep(stream, lifetime);
    }

    /// Closes what was idle for too long, and what its server has closed.
    pub fn sweep(&self) {
        self.pool.sweep();
        self.http2.sweep();
    }

    async fn connect_to(
        &self,
        target: &Target,
        limit: Option<usize>,
        reuse: Reuse,
    ) -> Result<UpstreamConnection, Fault> {
        let server = self.pool.server(&target.key());
        let slot = match claim(&server, limit, reuse).await? {
            Ok(idle) => return Ok(UpstreamConnection::idle(idle, target.lifetime())),
            Err(slot) => slot,
        };
        let mut starvation = Starvation::new(&server);
        // On the heap: a TLS handshake's future is large, and most requests need none.
        let mut opening = Box::pin(self.dialer.open(target));
        let stream = loop {
            tokio::select! {
                biased;
                opened = &mut opening => break opened?,
                () = server.freed().notified(), if reuse == Reuse::Any => {
                    if let Some(idle) = server.take(Reuse::Any) {
                        return Ok(UpstreamConnection::idle(idle, target.lifetime()));
                    }
                }
                () = poll_fn(|context| {
                    starvation.poll_never(context);
                    Poll::Pending
                }) => {}
            }
        };
        Ok(UpstreamConnection {
            stream,
            used: false,
            slot,
            lifetime: target.lifetime(),
            starvation: Some(starvation),
        })
    }
}

/// An idle connection, or the right to open one; waits where all that may be open are in use.
async fn claim(
    server: &Arc<Server>,
    limit: Option<usize>,
    reuse: Reuse,
) -> Result<Result<Idle, Slot>, Fault> {
    let freed = async {
        loop {
            server.freed().notified().await;
            if let Some(claim) = server.claim(limit, reuse) {
                return claim;
            }
        }
    };
    match server.claim(limit, reuse) {
        Some(claim) => Ok(claim),
        None => timeout(QUEUED, freed).await.map_err(|_| Fault::Busy),
    }
}

impl UpstreamConnection {
    fn idle(idle: Idle, lifetime: Duration) -> Self {
        Self {
            stream: idle.stream,
            used: true,
            slot: idle.slot,
            lifetime,
            starvation: None,
        }
    }

    /// Notes that the server has answered on it.
    pub fn answers(&mut self) {
        self.starvation = None;
    }

    /// To be polled while its server is waited for. Where the server does not answer a new
    /// connection, idle ones are closed.
    pub fn poll_starving(&mut self, context: &mut Context<'_>) {
        if let Some(starvation) = &mut self.starvation {
            starvation.poll_never(context);
        }
    }
}

impl Starvation {
    fn new(server: &Arc<Server>) -> Self {
        Self {
            server: server.clone(),
            timer: Box::pin(sleep(STARVED)),
            starving: None,
        }
    }

    /// To be polled while the server is waited for; never ready.
    fn poll_never(&mut self, context: &mut Context<'_>) {
        while self.poll_timer(context).is_ready() {}
    }

    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.timer.as_mut().poll(context));
        self.starving = None;
        self.starving = Some(self.server.starve());
        self.timer.as_mut().reset(Instant::now() + STARVED_AGAIN);
        Poll::Ready(())
    }
}

impl Target {
    fn lifetime(&self) -> Duration {
        match self.is_tls() {
            true => DEAR,
            false => CHEAP,
        }
    }
}
