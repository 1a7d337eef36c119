//! Opens the transport of an upstream connection: TCP in the clear, TLS, or a Unix socket.

use std::{fmt, io, sync::Arc};

use pingora_core::{Error, ErrorType, connectors::TransportConnector, upstreams::peer::Peer};
use tokio::{net::TcpStream, time::timeout};

use super::{CONNECT, Route, UpstreamStream, pool::Key, route::Target};

/// Opens transports; Pingora's connector opens those over TLS and on Unix sockets.
#[derive(Clone)]
pub(super) struct Dialer(Arc<TransportConnector>);

/// The failure of a route, by that of its last server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// The server refuses connections.
    Down,
    /// The server did not respond in time.
    Slow,
    /// The server violates TLS or HTTP/2.
    Broken,
}

/// The failure to connect to one server.
#[derive(Debug)]
pub(super) enum Fault {
    /// All permitted connections were in use for too long.
    Busy,
    Tcp(io::Error),
    Engine(Box<Error>),
    /// The server does not support HTTP/2; the text is the message.
    Http2(String),
}

impl Default for Dialer {
    fn default() -> Self {
        Self(Arc::new(TransportConnector::new(None)))
    }
}

impl Dialer {
    /// Opens the transport to a target within [`CONNECT`].
    pub(super) async fn open(&self, target: &Target) -> Result<UpstreamStream, Fault> {
        match target {
            Target::Plain(address) => {
                let connected = timeout(CONNECT, TcpStream::connect(address)).await;
                let stream = connected.map_err(io::Error::from).and_then(|opened| opened);
                let stream = stream.map_err(Fault::Tcp)?;
                stream.set_nodelay(true).map_err(Fault::Tcp)?;
                Ok(UpstreamStream::Plain(stream))
            }
            Target::Other(peer) => {
                let stream = self.0.new_stream(&**peer).await;
                stream.map(UpstreamStream::other).map_err(Fault::Engine)
            }
        }
    }
}

impl Fault {
    /// Logs the failure and advances the route past the target.
    pub(super) fn pass_over(&self, route: &mut Route, target: &Target) -> Unreachable {
        let why = self.reason(route);
        route.unreachable(target, &why);
        self.kind()
    }

    fn kind(&self) -> Unreachable {
        match self {
            Self::Busy => Unreachable::Slow,
            Self::Tcp(error) if error.kind() == io::ErrorKind::TimedOut => Unreachable::Slow,
            Self::Tcp(_) => Unreachable::Down,
            Self::Http2(_) => Unreachable::Broken,
            Self::Engine(error) => match error.etype() {
                ErrorType::ConnectRefused | ErrorType::ConnectNoRoute | ErrorType::ConnectError => {
                    Unreachable::Down
                }
                ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => Unreachable::Slow,
                _ => Unreachable::Broken,
            },
        }
    }

    /// The message for the journal.
    fn reason(&self, route: &Route) -> String {
        let error = match self {
            Self::Engine(error) => error,
            other => return other.to_string(),
        };
        let io = error.root_cause().downcast_ref::<io::Error>();
        let reason = match error.etype() {
            ErrorType::TLSHandshakeFailure => route.take_tls_fault(),
            ErrorType::ConnectTimedout => {
                Some("no connection, or no TLS handshake, in time".to_owned())
            }
            _ => io.map(ToString::to_string),
        };
        reason.unwrap_or_else(|| self.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("all of upstream.connections are in use"),
            Self::Tcp(error) => error.fmt(f),
            Self::Engine(error) => f.write_str(error.etype().as_str()),
            Self::Http2(why) => f.write_str(why),
        }
    }
}

impl Target {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Plain(address) => Key::Plain(*address),
            Self::Other(peer) => Key::Other(peer.reuse_hash()),
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        matches!(self, Self::Other(peer) if peer.is_tls())
    }
}
