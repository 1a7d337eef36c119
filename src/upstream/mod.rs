//! The servers behind a site: which one is asked next, and what became of it.
//!
//! A server that could not be reached is passed over for ten seconds while
//! another is there. Connections are pooled by the engine; nothing is here
//! about HTTP.

mod server;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use pingora_core::{
    Error,
    protocols::{ALPN, tls::CaType},
    upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy},
    utils::tls::{WrappedX509, parse_x509},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use tracing::warn;

use crate::config::model;

use server::Server;

/// The servers behind a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    turn: AtomicUsize,
    ca: Option<Arc<CaType>>,
    group: u64,
    silence: Duration,
}

/// How long to wait for a server to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait for a server to take some bytes.
const WRITE: Duration = Duration::from_secs(60);
/// How long a pooled connection is kept; Jetty closes its own after 300 s.
const POOLED: Duration = Duration::from_secs(60);

impl Upstream {
    /// Builds it from the configuration; `silence` is how long a server may be without a byte.
    ///
    /// # Errors
    /// When the CA file cannot be used.
    pub fn build(config: &model::Upstream, silence: Duration) -> anyhow::Result<Self> {
        let mut hasher = DefaultHasher::new();
        config.ca.hash(&mut hasher);
        Ok(Self {
            servers: config.servers.iter().cloned().map(Server::new).collect(),
            turn: AtomicUsize::new(0),
            ca: config.ca.as_deref().map(load_ca).transpose()?,
            group: hasher.finish(),
            silence,
        })
    }

    /// The number that spreads requests over the servers.
    pub fn take_turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// Where to connect at the `attempt`-th try of a request; none when all were tried.
    ///
    /// # Errors
    /// When a server's name cannot be looked up.
    pub async fn peer(&self, turn: usize, attempt: usize) -> io::Result<Option<HttpPeer>> {
        let mut left = attempt;
        let mut unknown = None;
        for server in self.order(turn) {
            match server.peers().await {
                Ok(mut peers) if left < peers.len() => {
                    return Ok(Some(self.dress(peers.swap_remove(left))));
                }
                Ok(peers) => left -= peers.len(),
                Err(error) => unknown = Some(error),
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// Whether there may be an address for this attempt.
    pub fn has_more(&self, attempt: usize) -> bool {
        attempt < self.servers.iter().map(Server::count).sum()
    }

    /// Notes that the server at this peer could not be reached, and tells it once a rest.
    pub fn unreachable(&self, peer: &HttpPeer, why: &Error) {
        for server in self
            .servers
            .iter()
            .filter(|server| server.is_at(&peer._address))
        {
            if !server.rests() {
                warn!(
                    "the hub at {} cannot be reached: {}",
                    peer._address,
                    why.etype().as_str()
                );
            }
            server.rest();
        }
    }

    /// The servers in turn, those that rest last.
    fn order(&self, turn: usize) -> Vec<&Server> {
        let mut order: Vec<_> = self.servers.iter().collect();
        order.rotate_left(turn % self.servers.len().max(1));
        order.sort_by_key(|server| server.rests());
        order
    }

    fn dress(&self, mut peer: HttpPeer) -> HttpPeer {
        peer.group_key = self.group;
        let options = &mut peer.options;
        options.alpn = ALPN::H1;
        options.ca.clone_from(&self.ca);
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
        options.read_timeout = Some(self.silence);
        options.write_timeout = Some(WRITE);
        options.idle_timeout = Some(POOLED);
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        peer
    }
}

fn load_ca(path: &Path) -> anyhow::Result<Arc<CaType>> {
    let place = || format!("{}: the CA of an upstream", path.display());
    let certificates = CertificateDer::pem_file_iter(path)
        .with_context(place)?
        .collect::<Result<Vec<_>, _>>()
        .with_context(place)?;
    anyhow::ensure!(
        !certificates.is_empty(),
        "{}: no certificate in it",
        path.display()
    );
    certificates
        .into_iter()
        .map(|certificate| {
            x509_parser::parse_x509_certificate(&certificate).with_context(place)?;
            Ok(WrappedX509::new(certificate.to_vec(), parse_x509))
        })
        .collect()
}
