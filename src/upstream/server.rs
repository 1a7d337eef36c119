//! One server of an upstream: its addresses, and the rest after a failure.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_rustls::TrustedServer;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tracing::warn;

use super::{
    connects::{Connects, ServerState},
    health::ServerHealth,
    secure::UpstreamTls,
};
use crate::{config::model, telemetry::line_limit::LineLimit};

/// One server of an upstream.
pub(super) struct Server {
    config: model::Server,
    /// TLS for HTTP/1.1, if the server is reached over TLS.
    secure: Option<TrustedServer>,
    /// TLS for HTTP/2, if the server is reached over TLS.
    secure_http2: Option<TrustedServer>,
    state: Mutex<State>,
    pub(super) connects: Connects,
    /// The result of its health checks, if it has any.
    health: OnceLock<Arc<ServerHealth>>,
    connect_lines: LineLimit,
    response_lines: LineLimit,
}

/// The result of the last look-up, and the end of the rest.
#[derive(Default)]
struct State {
    peers: Arc<[HttpPeer]>,
    /// The time of the last look-up.
    looked_up_at: Option<Instant>,
    rests_until: Option<Instant>,
}

/// Age at which addresses are looked up again.
const MOST_AGE: Duration = Duration::from_secs(10);
/// Time limit of a look-up.
const LOOK_UP: Duration = Duration::from_secs(5);
/// Time for which a server is passed over after a failure to connect.
const REST: Duration = Duration::from_secs(10);
/// Lines of the journal per minute for connects, and for responses.
const LINES: u32 = 3;

impl Server {
    /// Builds a server; `config` selects TLS or none.
    ///
    /// # Errors
    /// A host name that no certificate can have.
    pub(super) fn new(config: model::Server, tls: Option<&UpstreamTls>) -> anyhow::Result<Self> {
        let names = match (&config, tls) {
            (
                model::Server::Tcp {
                    host, tls: true, ..
                },
                Some(tls),
            ) => {
                let name = ServerName::try_from(host.clone());
                let name = name
                    .with_context(|| format!("{config} has a host that no certificate can name"))?;
                Some((tls, name))
            }
            _ => None,
        };
        let secure = names.as_ref().map(|(tls, name)| tls.server(name.clone()));
        let secure_http2 = names.map(|(tls, name)| tls.http2_server(name));
        Ok(Self {
            config,
            secure,
            secure_http2,
            state: Mutex::default(),
            connects: Connects::default(),
            health: OnceLock::new(),
            connect_lines: LineLimit::per_minute(LINES),
            response_lines: LineLimit::per_minute(LINES),
        })
    }

    /// A peer for each address of the server, looked up again once they are too old.
    pub(super) async fn peers(&self) -> io::Result<Arc<[HttpPeer]>> {
        if let Some(peers) = self.fresh_peers() {
            return Ok(peers);
        }
        let looked_up = timeout(LOOK_UP, self.look_up()).await;
        let looked_up = looked_up.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let mut state = self.state();
        match looked_up {
            Ok(peers) => state.peers = peers.into(),
            // The old addresses may be valid still while the resolver is down.
            Err(error) if state.peers.is_empty() => return Err(error),
            Err(_) => {}
        }
        state.looked_up_at = Some(Instant::now());
        Ok(state.peers.clone())
    }

    /// Logs the failure of a connect for a site.
    pub(super) fn log_connect(&self, site: &str, why: &str) {
        self.log(&self.connect_lines, site, why);
    }

    /// Logs the fault of a response for a site.
    pub(super) fn log_response(&self, site: &str, why: &str) {
        self.log(&self.response_lines, site, why);
    }

    fn log(&self, lines: &LineLimit, site: &str, why: &str) {
        let server = &self.config;
        match lines.admit(Instant::now()) {
            Some(0) => warn!("site {site}: the hub {server}: {why}"),
            Some(more) => warn!("site {site}: the hub {server}: {why} ({more} more before)"),
            None => {}
        }
    }

    /// Its state by the connects of requests; up or down by its health checks, if it has any.
    pub(super) fn connect_state(&self) -> ServerState {
        let state = self.connects.state(self.config.to_string());
        match self.health() {
            Some(health) => ServerState {
                is_up: health.last_result().is_ok(),
                ..state
            },
            None => state,
        }
    }

    /// Begins a rest, in which the server is passed over; the next request looks it up again.
    pub(super) fn rest(&self) {
        let mut state = self.state();
        state.rests_until = Some(Instant::now() + REST);
        state.looked_up_at = None;
    }

    pub(super) fn is_resting(&self) -> bool {
        self.state()
            .rests_until
            .is_some_and(|until| Instant::now() < until)
    }

    /// Ends the rest early.
    pub(super) fn end_rest(&self) {
        self.state().rests_until = None;
    }

    /// Sets the health that its checks record.
    pub(super) fn follow_health(&self, health: Arc<ServerHealth>) {
        self.health.get_or_init(|| health);
    }

    /// The result of its health checks, if it has any.
    pub(super) fn health(&self) -> Option<&Arc<ServerHealth>> {
        self.health.get()
    }

    /// Reports whether the server is reached over TCP in the clear.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.config, model::Server::Tcp { tls: false, .. })
    }

    async fn look_up(&self) -> io::Result<Vec<HttpPeer>> {
        match &self.config {
            model::Server::Unix(path) => {
                let peer = HttpPeer::new_uds(&path.to_string_lossy(), false, String::new());
                Ok(vec![peer.map_err(io::Error::other)?])
            }
            model::Server::Tcp { host, port, .. } => {
                let addresses = tokio::net::lookup_host((host.as_str(), *port)).await?;
                Ok(addresses.map(|address| self.peer(address)).collect())
            }
        }
    }

    fn peer(&self, address: SocketAddr) -> HttpPeer {
        let secure = self.secure.as_ref();
        let domain = secure.map_or_else(String::new, |secure| secure.domain().to_owned());
        HttpPeer::new(address, secure.is_some(), domain)
    }

    /// Takes the fault of the last failed TLS handshake.
    pub(super) fn take_tls_fault(&self) -> Option<String> {
        let mut both = [&self.secure, &self.secure_http2].into_iter().flatten();
        both.find_map(TrustedServer::take_fault)
    }

    /// The domain that names the TLS configuration for HTTP/2.
    pub(super) fn http2_domain(&self) -> Option<&str> {
        self.secure_http2.as_ref().map(TrustedServer::domain)
    }

    fn fresh_peers(&self) -> Option<Arc<[HttpPeer]>> {
        let state = self.state();
        let fresh = state.looked_up_at?.elapsed() < MOST_AGE;
        fresh.then(|| state.peers.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
