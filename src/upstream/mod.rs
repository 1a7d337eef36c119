//! The servers behind a site: which one is asked next, and what became of it.
//!
//! A server that could not be reached is passed over for ten seconds while
//! another is there. Connections are opened, counted and kept here; nothing is
//! here about HTTP.

mod connection;
mod pool;
mod route;
mod server;
mod stream;

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
    upstreams::peer::HttpPeer,
    utils::tls::{WrappedX509, parse_x509},
};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::config::model;

use self::server::Server;
pub use self::{
    connection::{Connection, Connector, Starvation, Unreachable},
    pool::Reuse,
    route::Route,
    stream::UpstreamStream,
};

/// The servers behind a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    turn: AtomicUsize,
    ca: Option<Arc<CaType>>,
    group: u64,
    silence: Duration,
    /// Connections to each server at most.
    connections: Option<usize>,
}

/// How long to wait for a server to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

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
            connections: config.connections,
        })
    }

    /// The way of a new request through the servers.
    #[must_use]
    pub fn route(self: &Arc<Self>) -> Route {
        Route::new(self.clone(), self.turn.fetch_add(1, Ordering::Relaxed))
    }

    fn dress(&self, mut peer: HttpPeer) -> HttpPeer {
        peer.group_key = self.group;
        let options = &mut peer.options;
        options.alpn = ALPN::H1;
        options.ca.clone_from(&self.ca);
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
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
