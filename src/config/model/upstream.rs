//! The servers behind a site or path.

use std::{fmt, path::PathBuf};

use http::HeaderValue;

use super::{HeaderEdit, Pin};

/// The interchangeable servers behind a site or path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Servers, used in turn; never empty.
    pub servers: Vec<Server>,
    /// PEM file of the CA that signed the servers' certificates; `None` for the system's roots.
    pub ca: Option<PathBuf>,
    /// Maximum number of connections to each server.
    pub connections: Option<usize>,
    /// Sends requests over HTTP/2.
    pub http2: bool,
    /// The only certificate that is accepted from the servers, instead of a CA's.
    pub pin: Option<Pin>,
    /// Value of `Host` that the servers receive; `None` for the client's.
    pub host: Option<HeaderValue>,
    /// Request headers that are set or removed; each name occurs once.
    pub headers: Vec<HeaderEdit>,
    /// Kind of the hub; if `None`, openHAB is detected.
    pub kind: Option<HubKind>,
}

/// A kind of hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HubKind {
    /// openHAB.
    OpenHab,
    /// Any other program.
    Other,
}

/// One server of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// `http://host:port` or `https://host:port`.
    Tcp {
        /// Name, resolved for each connection, or address without brackets.
        host: String,
        /// Port.
        port: u16,
        /// Connects over TLS, with a certificate verified for `host`.
        tls: bool,
    },
    /// `unix:/run/hub.sock`, plain HTTP.
    Unix(PathBuf),
}

impl Upstream {
    /// True if one of the servers is reached over TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        let tls = |server: &Server| matches!(server, Server::Tcp { tls: true, .. });
        self.servers.iter().any(tls)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, tls } => {
                let scheme = if *tls { "https" } else { "http" };
                match host.contains(':') {
                    true => write!(f, "{scheme}://[{host}]:{port}"),
                    false => write!(f, "{scheme}://{host}:{port}"),
                }
            }
            Self::Unix(socket) => write!(f, "unix:{}", socket.display()),
        }
    }
}
