//! One server of an upstream: where it is, and whether it rests.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_rustls::TrustedServer;
use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tracing::warn;

use super::secure::HubTls;
use crate::{config::model, telemetry::line_limit::LineLimit};

/// One server.
pub(super) struct Server {
    config: model::Server,
    /// For one over TLS.
    secure: Option<TrustedServer>,
    /// For HTTP/2 to one over TLS.
    secure_http2: Option<TrustedServer>,
    found: Mutex<Found>,
    connect_lines: LineLimit,
    answer_lines: LineLimit,
}

/// What a look-up gave, and until when the server is passed over.
#[derive(Default)]
struct Found {
    peers: Arc<[HttpPeer]>,
    at: Option<Instant>,
    rests_until: Option<Instant>,
}

/// How long the addresses of a name are used without a new look-up.
const LOOKED_UP: Duration = Duration::from_secs(10);
/// How long a look-up may take.
const LOOK_UP: Duration = Duration::from_secs(5);
/// How long a server is passed over after it could not be reached.
const REST: Duration = Duration::from_secs(10);
/// Lines of the journal a minute for connecting, and for answers.
const LINES: u32 = 3;

impl Server {
    /// A server; `tls` is how to connect to one over TLS.
    ///
    /// # Errors
    /// When its name can be in no certificate.
    pub(super) fn new(config: model::Server, tls: Option<&HubTls>) -> anyhow::Result<Self> {
        let names = match (&config, tls) {
            (
                model::Server::Tcp {
                    host, tls: true, ..
                },
                Some(tls),
            ) => {
                let name = ServerName::try_from(host.clone());
                let name =
                    name.with_context(|| format!("{config} has a name that none can prove"))?;
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
            found: Mutex::default(),
            connect_lines: LineLimit::new(LINES),
            answer_lines: LineLimit::new(LINES),
        })
    }

    /// A peer for each address of the server, looked up again when they are old.
    pub(super) async fn peers(&self) -> io::Result<Arc<[HttpPeer]>> {
        if let Some(peers) = self.known() {
            return Ok(peers);
        }
        let looked_up = timeout(LOOK_UP, self.look_up()).await;
        let looked_up = looked_up.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let mut found = self.found();
        match looked_up {
            Ok(peers) => found.peers = peers.into(),
            // What was known may still be right while the resolver is not there.
            Err(error) if found.peers.is_empty() => return Err(error),
            Err(_) => {}
        }
        found.at = Some(Instant::now());
        Ok(found.peers.clone())
    }

    /// Logs why it could not be connected to for a site.
    pub(super) fn log_connect(&self, site: &str, why: &str) {
        self.log(&self.connect_lines, site, why);
    }

    /// Logs what was wrong with its answer for a site.
    pub(super) fn log_answer(&self, site: &str, why: &str) {
        self.log(&self.answer_lines, site, why);
    }

    fn log(&self, lines: &LineLimit, site: &str, why: &str) {
        let server = &self.config;
        match lines.admit(Instant::now()) {
            Some(0) => warn!("site {site}: the hub {server}: {why}"),
            Some(more) => warn!("site {site}: the hub {server}: {why} ({more} more before)"),
            None => {}
        }
    }

    /// Passes the server over for a while, and looks it up again then.
    pub(super) fn rest(&self) {
        let mut found = self.found();
        found.rests_until = Some(Instant::now() + REST);
        found.at = None;
    }

    pub(super) fn rests(&self) -> bool {
        self.found()
            .rests_until
            .is_some_and(|until| Instant::now() < until)
    }

    /// Whether it is reached in the clear over TCP.
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

    /// The cause of the last TLS handshake that failed, in words, once.
    pub(super) fn take_tls_fault(&self) -> Option<String> {
        let mut both = [&self.secure, &self.secure_http2].into_iter().flatten();
        both.find_map(TrustedServer::take_fault)
    }

    /// The domain that names the TLS configuration for HTTP/2.
    pub(super) fn http2_domain(&self) -> Option<&str> {
        self.secure_http2.as_ref().map(TrustedServer::domain)
    }

    fn known(&self) -> Option<Arc<[HttpPeer]>> {
        let found = self.found();
        let fresh = found.at?.elapsed() < LOOKED_UP;
        fresh.then(|| found.peers.clone())
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
