//! Accepts connections, and makes them ready for their first request on the worker with the fewest.
//!
//! Limits come before the handshake, the site and the peer's network decide
//! the handshake, and everything learnt travels on in a `ConnectionInfo`.

use std::{
    io,
    net::{IpAddr, SocketAddr},
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
    handshake,
    limiter::{ConnectionLimiter, ConnectionPermit, Full, PeerClass},
    proxy_header,
    registry::ConnectionRegistry,
    workers::Workers,
};
use crate::{
    http::{http1, http2, proxy::Proxy},
    sites::Sites,
    telemetry::line_limit::LineLimit,
    transport::{client_stream::ClientStream, connection_info::ConnectionInfo, socket::Socket},
};

/// Everything that accepted connections share.
pub struct Acceptor {
    proxy: Arc<Proxy>,
    limiter: Arc<ConnectionLimiter>,
    registry: Arc<ConnectionRegistry>,
    workers: Workers,
    tasks: TaskTracker,
    /// Whether connections are left in the queues of the listeners.
    paused: watch::Sender<bool>,
    /// Connections for which the process has file descriptors.
    most: usize,
    /// The lines for those that cannot be accepted.
    exhausted: LineLimit,
}

/// A pause of all listeners.
pub struct Paused<'f>(&'f watch::Sender<bool>);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// What every HTTP/2 connection begins with, before SETTINGS (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a frame's head, of which the fourth is its type and the fifth its flags (section 4.1).
const FRAME_HEAD: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
/// First byte of a TLS handshake record (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 0x16;
/// How many bytes the kernel may keep besides those on their way to a client: what it keeps outlives
/// the connection and its seat.
const UNSENT: u32 = 128 * 1024;
/// Bytes that a connection occupies whatever comes on it: its task and the state of TLS and HTTP/2.
const CONNECTION: usize = 36 * 1024;
/// Those of one in the clear.
const CLEAR: usize = 12 * 1024;
/// How long to wait when the process is out of file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);

impl Acceptor {
    /// An acceptor for the sites of `proxy`, of at most so many connections at a time.
    #[must_use]
    pub fn new(
        proxy: Arc<Proxy>,
        registry: Arc<ConnectionRegistry>,
        workers: Workers,
        most: usize,
    ) -> Self {
        Self {
            proxy,
            limiter: Arc::default(),
            registry,
            workers,
            tasks: TaskTracker::new(),
            paused: watch::Sender::new(false),
            most,
            exhausted: LineLimit::new(1),
        }
    }

    /// The tasks of the open connections.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Leaves connections in the queues of the listeners while the value lives.
    #[must_use = "dropping it ends the pause"]
    pub fn pause(&self) -> Paused<'_> {
        self.paused.send_replace(true);
        Paused(&self.paused)
    }

    /// Accepts on a listener until told to stop.
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
                Err(error) => self.rest(&error).await,
            }
        }
    }

    /// Waits until there may be file descriptors again.
    async fn rest(&self, error: &io::Error) {
        match self.exhausted.admit(Instant::now()) {
            Some(0) => warn!("cannot accept a connection: {error}"),
            Some(more) => warn!("cannot accept a connection: {error}; and {more} tries before it"),
            None => {}
        }
        tokio::time::sleep(EXHAUSTED).await;
    }

    /// Logs how often no connection could be accepted, once the minute of the first is over.
    pub fn sum_up(&self) {
        if let Some(more) = self.exhausted.overdue(Instant::now()) {
            warn!("no connection could be accepted in {more} more tries within a minute");
        }
    }

    /// Takes a connection in when there is room for it, and lets it run.
    fn admit(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, tls: bool) {
        let counters = &self.proxy.counters;
        let sites = self.proxy.sites();
        let (address, mut limits) = (peer.ip(), sites.config.limits);
        limits.connections = limits.connections.min(self.most);
        let (permit, leave) = match self
            .limiter
            .permit(address, &limits, known(&sites, address))
        {
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
            let connection = acceptor.connection(stream, peer, tls, &permit);
            match Abortable::new(connection, leave).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => debug!("connection of {peer}: {error}"),
                Err(Aborted) => {
                    let counters = &acceptor.proxy.counters;
                    counters.limits.made_room.note(address);
                }
            }
            drop((permit, open));
        });
    }

    async fn connection(
        &self,
        stream: io::Result<std::net::TcpStream>,
        peer: SocketAddr,
        tls: bool,
        permit: &ConnectionPermit,
    ) -> io::Result<()> {
        let mut stream = TcpStream::from_std(stream?)?;
        stream.set_nodelay(true)?;
        SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT)?;
        let local = stream.local_addr()?;
        let sites = self.proxy.sites();
        let limit = sites.config.limits.header_time;
        let mut connection = ConnectionInfo::new(peer, local, tls);
        let cut = connection.cut.clone();
        // On the heap for as long as it takes only.
        let prepared = Box::pin(async {
            proxy_header::read(&mut stream, &mut connection, &sites.config.trusted_proxies).await?;
            connection.charge_to(&self.proxy.budget);
            let occupied = connection
                .memory
                .overhead(if tls { CONNECTION } else { CLEAR });
            let secure = tls && first_byte(&stream).await? == HANDSHAKE;
            if !secure {
                return io::Result::Ok(Some((Socket::Plain(stream), connection, occupied)));
            }
            let accepted = handshake::accept(stream, connection, &self.proxy).await?;
            Ok(accepted.map(|(transport, connection)| (transport, connection, occupied)))
        });
        let prepared = tokio::select! {
            biased;
            () = cut.raised() => return Err(io::ErrorKind::ConnectionAborted.into()),
            prepared = self.in_time(limit, prepared) => prepared??,
        };
        let Some((transport, connection, mut occupied)) = prepared else {
            return Ok(());
        };
        drop(sites);
        if let Some(tls) = &connection.tls {
            occupied.resize(CONNECTION + tls.certificates);
        }
        let connection = Arc::new(connection);
        let _listed = self.registry.list(&connection);
        if self.proxy.recognise(&connection).await {
            permit.keep();
        }
        let client = ClientStream::new(transport, connection.clone(), limit);
        Box::pin(self.serve(client, limit)).await;
        self.proxy.recognise(&connection).await;
        Ok(())
    }

    async fn serve(&self, mut client: ClientStream, limit: Duration) {
        if !client.is_http2() {
            return http1::connection::serve(&self.proxy, client).await;
        }
        let whole = self.in_time(limit, preface(&mut client)).await;
        if whole.is_ok_and(|whole| whole) {
            self.serve_http2(client, limit).await;
        }
    }

    /// What comes before the first request, unless it takes too long or the process ends.
    async fn in_time<T>(&self, limit: Duration, what: impl Future<Output = T>) -> io::Result<T> {
        tokio::select! {
            biased;
            came = timeout(limit, what) => Ok(came?),
            () = self.proxy.drain.closing.raised() => {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }

    async fn serve_http2(&self, client: ClientStream, limit: Duration) {
        let connection = client.connection().clone();
        tokio::select! {
            () = http2::connection::serve(&self.proxy, client, limit) => {}
            () = self.proxy.drain.cuts(&connection) => {}
            () = connection.cut.raised() => {}
        }
    }
}

/// Waits for the whole preface, SETTINGS included; false when something else comes.
async fn preface(client: &mut ClientStream) -> bool {
    while client.unread().len() < PREFACE.len() + FRAME_HEAD {
        let mut begun = client.unread().iter().zip(PREFACE);
        if begun.any(|(came, due)| came != due) || !matches!(client.receive().await, Ok(1..)) {
            return false;
        }
    }
    let next = client.unread().strip_prefix(PREFACE);
    next.is_some_and(|frame| frame[3] == SETTINGS && frame[4] & ACK == 0)
}

fn known(sites: &Sites, address: IpAddr) -> PeerClass {
    if sites.config.trusted_proxies.contains(address) {
        PeerClass::Proxy
    } else if sites.config.is_at_home(address) {
        PeerClass::Home
    } else {
        PeerClass::Guest
    }
}

async fn first_byte(stream: &TcpStream) -> io::Result<u8> {
    let mut byte = [0];
    match stream.peek(&mut byte).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(byte[0]),
    }
}
