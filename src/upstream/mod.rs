//! The servers behind a site: which one is asked next, and what became of it.
//!
//! A server that could not be reached is passed over for ten seconds while
//! another is there. Connections are opened, counted and kept here, those of
//! HTTP/2 with their streams; nothing else is here about HTTP.

mod connection;
mod dial;
mod http2;
mod kind;
mod own_address;
mod pool;
mod request_edits;
mod route;
mod secure;
mod server;
mod stream;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use pingora_core::{protocols::ALPN, upstreams::peer::HttpPeer};

use crate::{config::model, tls::SystemRoots};

pub use self::{
    connection::{Connector, UpstreamConnection},
    dial::Unreachable,
    http2::{Http2Answer, Http2Request, Http2Stream, is_unprocessed},
    own_address::OwnAddresses,
    pool::Reuse,
    request_edits::{RequestEdits, SecretValue, SecretValues},
    route::Route,
    stream::UpstreamStream,
};
use self::{kind::Kind, secure::HubTls, server::Server};

/// The servers behind a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    turn: AtomicUsize,
    kind: Kind,
    silence: Duration,
    /// Connections to each server at most.
    connections: Option<usize>,
    speaks_http2: bool,
    edits: RequestEdits,
    addresses: OwnAddresses,
}

/// How long to wait for a server to take a connection.
const CONNECT: Duration = Duration::from_secs(5);

impl Upstream {
    /// Builds it from the configuration; `silence` is how long a server may be without a byte,
    /// `secrets` has the values of headers that were read from files before.
    ///
    /// # Errors
    /// When the file of the CA, the pinned certificate or a header cannot be used.
    pub fn build(
        config: &model::Upstream,
        silence: Duration,
        secrets: &mut SecretValues,
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let tls = config.is_secure().then(|| HubTls::load(config, roots));
        let tls = tls.transpose()?;
        let servers = config.servers.iter().cloned();
        Ok(Self {
            servers: servers
                .map(|server| Server::new(server, tls.as_ref()))
                .collect::<anyhow::Result<_>>()?,
            turn: AtomicUsize::new(0),
            kind: Kind::of(config),
            silence,
            connections: config.connections,
            speaks_http2: config.http2,
            edits: RequestEdits::build(config, secrets)?,
            addresses: OwnAddresses::of(config),
        })
    }

    /// The way of a new request, for this site, through the servers.
    #[must_use]
    pub fn route(self: &Arc<Self>, site: Arc<str>) -> Route {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Route::new(self.clone(), site, turn)
    }

    /// The addresses of its servers, as they stand in redirects.
    #[must_use]
    pub fn addresses(&self) -> &OwnAddresses {
        &self.addresses
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

    /// Whether requests reach its servers over HTTP/2, but for those that open WebSockets.
    #[must_use]
    pub fn speaks_http2(&self) -> bool {
        self.speaks_http2
    }

    fn dress(mut peer: HttpPeer, alpn: ALPN) -> HttpPeer {
        let options = &mut peer.options;
        options.alpn = alpn;
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
        peer
    }
}
