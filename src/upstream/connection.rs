//! Upstream connections: a request takes an idle one, or opens one to the next reachable server.

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
    pool::{Idle, Pool, QUEUED, ServerConnections, Slot, StarvingRequest},
    route::Target,
};

/// Opens upstream connections and stores the reusable ones.
#[derive(Default)]
pub struct Connector {
    dialer: Dialer,
    pool: Pool,
    http2: http2::Connections,
}

/// An HTTP/1.1 connection to a server.
pub struct UpstreamConnection {
    /// The byte stream.
    pub stream: UpstreamStream,
    /// Set for a reused connection, which the server may have closed meanwhile.
    pub used: bool,
    /// The time of the connect; none for a reused connection.
    connect_time: Option<Duration>,
    slot: Slot,
    lifetime: Duration,
    first_response: Option<FirstResponse>,
}

/// The wait for the first response on a new connection.
struct FirstResponse {
    server: Arc<ServerConnections>,
    timer: Pin<Box<Sleep>>,
    request: Option<StarvingRequest>,
}

/// Lifetime of an idle connection in the clear, which is cheap to replace.
const CHEAP: Duration = Duration::from_secs(1);
/// Lifetime of an idle connection over TLS; Jetty closes its own after 300 s.
const DEAR: Duration = Duration::from_secs(60);
/// Time without a response on a new connection after which an idle one is closed.
const STARVED: Duration = Duration::from_millis(100);
/// Time after which the next idle connection is closed.
const STARVED_AGAIN: Duration = Duration::from_secs(1);

impl Connector {
    /// Connects to the first reachable server and address of a route.
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
                Ok(connection) => {
                    route.reached(connection.connect_time);
                    return Ok(connection);
                }
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Opens an HTTP/2 stream with this request to the first reachable server and address of a
    /// route; `ended` is set if the request has no content.
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
            let connect_target = (&self.dialer, &target, route.connections());
            match server.open_stream(connect_target, request, ended).await {
                Ok(stream) => {
                    route.reached(None);
                    return Ok(stream);
                }
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Connects to the server of a health check, on a connection of its own; none if all permitted
    /// ones are in use.
    ///
    /// # Errors
    /// The failure, which the route stores.
    pub async fn connect_apart(
        &self,
        route: &mut Route,
    ) -> Result<Option<UpstreamConnection>, Unreachable> {
        let mut last = Unreachable::Down;
        while let Ok(Some(target)) = route.target(ALPN::H1).await {
            let server = self.pool.server(&target.key());
            let Some(Err(slot)) = server.claim(route.connections(), Reuse::Never) else {
                return Ok(None);
            };
            let opened = tokio::select! {
                opened = self.dialer.open(&target) => opened,
                () = slot.wanted() => return Ok(None),
            };
            match opened {
                Ok(stream) => {
                    let first_response = FirstResponse::new(&server);
                    let opened = UpstreamConnection::opened(stream, slot, &target, first_response);
                    return Ok(Some(opened));
                }
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Opens an HTTP/2 stream with the request of a health check, on a connection of its own; on a
    /// shared one if their number is limited.
    ///
    /// # Errors
    /// The failure, which the route stores.
    pub async fn open_apart(
        &self,
        route: &mut Route,
        request: &Http2Request,
    ) -> Result<Http2Stream, Unreachable> {
        if route.connections().is_some() {
            return self.open_stream(route, request, true).await;
        }
        let mut last = Unreachable::Down;
        while let Ok(Some(target)) = route.target(ALPN::H2).await {
            let server = self.http2.server(&target);
            match server.open_apart(&self.dialer, &target, request).await {
                Ok(stream) => return Ok(stream),
                Err(fault) => last = fault.pass_over(route, &target),
            }
        }
        Err(last)
    }

    /// Stores a connection after its last response was read to its end.
    pub fn store(&self, connection: UpstreamConnection) {
        let UpstreamConnection {
            stream,
            slot,
            lifetime,
            ..
        } = connection;
        slot.store(stream, lifetime);
    }

    /// Closes connections that were idle for too long, or that the server has closed.
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
        let slot = match server.wait_for_claim(limit, reuse).await? {
            Ok(idle) => return Ok(UpstreamConnection::idle(idle, target.lifetime())),
            Err(slot) => slot,
        };
        let begun = Instant::now();
        let mut first_response = FirstResponse::new(&server);
        // On the heap: the future of a TLS handshake is large, and most requests need none.
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
                    first_response.poll_never(context);
                    Poll::Pending
                }) => {}
            }
        };
        Ok(UpstreamConnection {
            connect_time: Some(begun.elapsed()),
            ..UpstreamConnection::opened(stream, slot, target, first_response)
        })
    }
}

impl ServerConnections {
    /// Claims an idle connection or a slot for a new one, and waits for it at the limit.
    async fn wait_for_claim(
        self: &Arc<Self>,
        limit: Option<usize>,
        reuse: Reuse,
    ) -> Result<Result<Idle, Slot>, Fault> {
        let freed = async {
            loop {
                self.freed().notified().await;
                if let Some(claim) = self.claim(limit, reuse) {
                    return claim;
                }
            }
        };
        match self.claim(limit, reuse) {
            Some(claim) => Ok(claim),
            None => {
                self.wanted().notify_waiters();
                timeout(QUEUED, freed).await.map_err(|_| Fault::Busy)
            }
        }
    }
}

impl UpstreamConnection {
    fn opened(
        stream: UpstreamStream,
        slot: Slot,
        target: &Target,
        first_response: FirstResponse,
    ) -> Self {
        Self {
            stream,
            used: false,
            connect_time: None,
            slot,
            lifetime: target.lifetime(),
            first_response: Some(first_response),
        }
    }

    /// Ready once a request waits for a connection within the limit.
    pub fn wanted(&self) -> impl Future<Output = ()> + Send + 'static {
        self.slot.wanted()
    }

    fn idle(idle: Idle, lifetime: Duration) -> Self {
        Self {
            stream: idle.stream,
            used: true,
            connect_time: None,
            slot: idle.slot,
            lifetime,
            first_response: None,
        }
    }

    /// Notes that the server has responded.
    pub fn mark_responded(&mut self) {
        self.first_response = None;
    }

    /// Closes idle connections to the server while it does not respond on this new one. Polled
    /// while a response is awaited.
    pub fn poll_starving(&mut self, context: &mut Context<'_>) {
        if let Some(first_response) = &mut self.first_response {
            first_response.poll_never(context);
        }
    }
}

impl FirstResponse {
    fn new(server: &Arc<ServerConnections>) -> Self {
        Self {
            server: server.clone(),
            timer: Box::pin(sleep(STARVED)),
            request: None,
        }
    }

    /// Closes an idle connection at each firing of the timer; never ready.
    fn poll_never(&mut self, context: &mut Context<'_>) {
        while self.poll_timer(context).is_ready() {}
    }

    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        ready!(self.timer.as_mut().poll(context));
        self.request = None;
        self.request = Some(self.server.starve());
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
