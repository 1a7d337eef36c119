//! The servers behind a site or path.

use std::{fmt, path::PathBuf, time::Duration};

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
    /// Health checks of each server; `None` for none.
    pub health: Option<HealthCheck>,
}

/// The health checks of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HealthCheck {
    /// Path and query of the request, which may hold a secret; at most 2 KiB.
    pub path: String,
    /// Time between two checks: 1 s to 1 h.
    pub every: Duration,
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

impl HealthCheck {
    /// The path without the query, for people.
    #[must_use]
    pub fn shown_path(&self) -> &str {
        self.path.split('?').next().unwrap_or(&self.path)
    }
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, seconds) = (self.shown_path(), self.every.as_secs());
        write!(f, "its health is checked by {path} every {seconds} s")
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
