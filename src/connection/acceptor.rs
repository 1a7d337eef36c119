//! The acceptor: accepts connections, applies the limits and prepares each connection for HTTP on
//! the worker with the fewest connections.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{Abortable, Aborted};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, warn};

use super::{
    handshake::TlsHandshake,
    limiter::{ConnectionLimiter, ConnectionPermit, Full, PeerClass},
    proxy_header,
    registry::ConnectionRegistry,
    workers::Workers,
};
use crate::{
    http::{http1, http2, proxy::Proxy},
    telemetry::line_limit::LineLimit,
    transport::{client_stream::ClientStream, connection_info::ConnectionInfo, socket::Socket},
};

/// The shared state of all listeners and accepted connections.
pub struct Acceptor {
    proxy: Arc<Proxy>,
    limiter: Arc<ConnectionLimiter>,
    registry: Arc<ConnectionRegistry>,
    workers: Workers,
    tasks: TaskTracker,
    /// True while connections wait in the queues of the listeners.
    paused: watch::Sender<bool>,
    /// Most connections that the file descriptors of the process permit.
    capacity: usize,
    /// Limits the log lines about failed accepts.
    accept_failures: LineLimit,
}

/// A pause of all listeners.
pub struct Paused<'f>(&'f watch::Sender<bool>);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// The client preface of HTTP/2 before its SETTINGS frame (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of an HTTP/2 frame header: byte 3 is the type, byte 4 the flags (RFC 9113, section 4.1).
const FRAME_HEADER: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
/// First byte of a TLS handshake record (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// Unsent bytes that the kernel may buffer (TCP_NOTSENT_LOWAT); the buffer outlives the connection
/// and its permit.
const UNSENT: u32 = 128 * 1024;
/// Memory of an idle connection with TLS: its task and the state of TLS and HTTP/2.
const TLS_OVERHEAD: usize = 36 * 1024;
/// Memory of an idle connection without TLS.
const PLAIN_OVERHEAD: usize = 12 * 1024;
/// Wait after a failed accept, such as without a free file descriptor.
const EXHAUSTED: Duration = Duration::from_millis(200);

impl Acceptor {
    /// Creates an acceptor for the sites of `proxy` with at most `capacity` connections.
    #[must_use]
    pub fn new(
        proxy: Arc<Proxy>,
        registry: Arc<ConnectionRegistry>,
        workers: Workers,
        capacity: usize,
    ) -> Self {
        Self {
            proxy,
            limiter: Arc::default(),
            registry,
            workers,
            tasks: TaskTracker::new(),
            paused: watch::Sender::new(false),
            capacity,
            accept_failures: LineLimit::per_minute(1),
        }
    }

    /// Returns the tasks of the open connections.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Accepts no connection while the returned value lives; new ones wait in the queues of the
    /// listeners.
    #[must_use = "dropping it ends the pause"]
    pub fn pause(&self) -> Paused<'_> {
        self.paused.send_replace(true);
        Paused(&self.paused)
    }

    /// Accepts on a listener until `stop` is cancelled.
    pub async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        tls: bool,
        stop: CancellationToken,
    ) {
        let mut paused = self.paused.subscribe();
        loop {
            let is_open = !*paused.borrow_and_update();
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = paused.changed() => continue,
                accepted = listener.accept(), if is_open => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, tls),
                Err(error) => self.back_off(&error).await,
            }
        }
    }

    /// Logs a failed accept and waits before the next one.
    async fn back_off(&self, error: &io::Error) {
        match self.accept_failures.admit(Instant::now()) {
            Some(0) => warn!("cannot accept a connection: {error}"),
            Some(more) => {
                warn!("cannot accept a connection: {error}; {more} attempts before failed");
            }
            None => {}
        }
        tokio::time::sleep(EXHAUSTED).await;
    }

    /// Logs the number of further failed accepts, a minute after the first.
    pub fn sum_up(&self) {
        if let Some(more) = self.accept_failures.overdue(Instant::now()) {
            warn!("cannot accept connections: {more} more attempts failed within a minute");
        }
    }

    /// Runs a connection on a worker if the limits permit it.
    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, tls: bool) {
        let counters = &self.proxy.events.counters;
        let sites = self.proxy.sites();
        let (address, local) = (peer.ip(), stream.local_addr());
        let mut limits = sites.config.limits;
        limits.connections = limits.connections.min(self.capacity);
        let peer_class = PeerClass::new(&sites, address, local.as_ref().ok());
        let (permit, eviction) = match self.limiter.permit(address, &limits, peer_class) {
            Ok(permitted) => permitted,
            Err(full) => {
                counters.connections_refused.add(1);
                return match full {
                    Full::Address => counters.limits.per_address.note(address),
                    Full::All => counters.limits.all.note(address),
                };
            }
        };
        counters.connections_accepted.add(1);
        let open = counters.connections_open.enter();
        let (acceptor, stream) = (self.clone(), stream.into_std());
        self.workers.spawn(&self.tasks, async move {
            let connection = acceptor.connection(stream, (peer, local), tls, &permit);
            match Abortable::new(connection, eviction).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => debug!("connection of {peer}: {error}"),
                Err(Aborted) => {
                    let counters = &acceptor.proxy.events.counters;
                    counters.limits.evicted.note(address);
                }
            }
            drop((permit, open));
        });
    }

    async fn connection(
        &self,
        stream: io::Result<std::net::TcpStream>,
        (peer, local): (SocketAddr, io::Result<SocketAddr>),
        tls: bool,
        permit: &ConnectionPermit,
    ) -> io::Result<()> {
        let mut stream = TcpStream::from_std(stream?)?;
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
        let sites = self.proxy.sites();
        let limit = sites.config.limits.header_time;
        let mut connection = ConnectionInfo::new(peer, local?, tls);
        sites.mark_masqueraded(&mut connection);
        let cut = connection.cut.clone();
        // Boxed, so that the connection's task frees this future's memory after the handshake.
        let prepared = Box::pin(async {
            proxy_header::read(&mut stream, &mut connection, &sites.config.trusted_proxies).await?;
            connection.charge_to(&self.proxy.budget);
            let occupied =
                connection
                    .memory
                    .overhead(if tls { TLS_OVERHEAD } else { PLAIN_OVERHEAD });
            let secure = tls && first_byte(&stream).await? == HANDSHAKE;
            if !secure {
                return io::Result::Ok(Some((Socket::Plain(stream), connection, occupied)));
            }
            let handshake = TlsHandshake::new(&self.proxy, connection);
            let accepted = handshake.accept(stream).await?;
            Ok(accepted.map(|(transport, connection)| (transport, connection, occupied)))
        });
        let prepared = tokio::select! {
            biased;
            () = cut.raised() => return Err(io::ErrorKind::ConnectionAborted.into()),
            prepared = self.within(limit, prepared) => prepared??,
        };
        let Some((transport, connection, mut occupied)) = prepared else {
            return Ok(());
        };
        drop(sites);
        if let Some(tls) = &connection.tls {
            occupied.resize(TLS_OVERHEAD + tls.certificates);
        }
        let connection = Arc::new(connection);
        let _listed = self.registry.list(&connection);
        if self.proxy.record_device(&connection).await {
            permit.protect();
        }
        let client = ClientStream::new(transport, connection.clone(), limit);
        Box::pin(self.serve(client, limit)).await;
        self.proxy.record_device(&connection).await;
        Ok(())
    }

    async fn serve(&self, mut client: ClientStream, limit: Duration) {
        if !client.is_http2() {
            return http1::connection::serve(&self.proxy, client).await;
        }
        let preface = self.within(limit, read_preface(&mut client)).await;
        if preface.is_ok_and(|is_valid| is_valid) {
            self.serve_http2(client, limit).await;
        }
    }

    /// Awaits a step of a connection before its first request.
    ///
    /// # Errors
    /// When the step exceeds the limit or the process closes idle connections.
    async fn within<T>(&self, limit: Duration, step: impl Future<Output = T>) -> io::Result<T> {
        tokio::select! {
            biased;
            output = timeout(limit, step) => Ok(output?),
            () = self.proxy.drain.closing.raised() => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    async fn serve_http2(&self, client: ClientStream, limit: Duration) {
        let connection = client.connection().clone();
        tokio::select! {
            () = http2::connection::serve(&self.proxy, client, limit) => {}
            () = self.proxy.drain.cut_streaming(&connection) => {}
            () = connection.cut.raised() => {}
        }
    }
}

/// Reads the client preface with the header of its SETTINGS frame; returns false for other input.
async fn read_preface(client: &mut ClientStream) -> bool {
    while client.unread().len() < PREFACE.len() + FRAME_HEADER {
        let mut pairs = client.unread().iter().zip(PREFACE);
        let differs = pairs.any(|(received, expected)| received != expected);
        if differs || !matches!(client.receive().await, Ok(1..)) {
            return false;
        }
    }
    let frame = client.unread().strip_prefix(PREFACE);
    frame.is_some_and(|frame| frame[3] == SETTINGS && frame[4] & ACK == 0)
}

async fn first_byte(stream: &TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    match stream.peek(&mut byte).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(byte[0]),
    }
}
