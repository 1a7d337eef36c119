//! The servers behind a site: which one is asked next, and what became of it.
//!
//! A server that could not be reached is passed over for ten seconds while
//! another is there. Connections are pooled here, or by the engine where it
//! made them; nothing is here about HTTP.

mod kind;
mod pool;
mod route;
mod server;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use pingora_core::{
    protocols::{ALPN, tls::CaType},
    upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy},
    utils::tls::{WrappedX509, parse_x509},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::config::model;

use self::{kind::Kind, server::Server};
pub use self::{pool::Pool, route::Route};

/// The servers behind a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    turn: AtomicUsize,
    ca: Option<Arc<CaType>>,
    kind: Kind,
    group: u64,
    silence: Duration,
}

/// How long to wait for a server to take a connection.
pub const CONNECT: Duration = Duration::from_secs(5);
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
            kind: Kind::of(config),
            group: hasher.finish(),
            silence,
        })
    }

    /// The way of a new request through the servers.
    #[must_use]
    pub fn route(self: &Arc<Self>) -> Route {
        Route::new(self.clone(), self.turn.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether the hub is openHAB, as far as it is known.
    #[must_use]
    pub fn is_openhab(&self) -> bool {
        self.kind.is_openhab()
    }

    /// Notes a successful answer, by which openHAB is recognised.
    pub fn notice(&self, target: &str, content_type: &[u8]) {
        self.kind.notice(target, content_type);
    }

    /// Takes over what is known of the same hub from before a reload.
    pub fn remember(&self, before: &Self) {
        self.kind.remember(&before.kind);
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
