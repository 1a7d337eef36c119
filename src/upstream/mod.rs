//! Upstreams: the servers of a site, and the connections and HTTP/2 streams to them.
//!
//! A route tries the servers in turn, and passes over one that was unreachable within the last ten
//! seconds while another is available. `http/forward` sends requests and parses responses.

mod connection;
mod dial;
mod health;
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
    health::ServerState,
    http2::{Http2Answer, Http2Request, Http2Stream, is_unprocessed},
    own_address::OwnAddresses,
    pool::Reuse,
    request_edits::{RequestEdits, SecretValue, SecretValues},
    route::Route,
    stream::UpstreamStream,
};
use self::{kind::Kind, secure::UpstreamTls, server::Server};

/// The servers of a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    /// The number of the next request, by which the first server is chosen.
    turn: AtomicUsize,
    kind: Kind,
    idle_timeout: Duration,
    /// Connections to each server at most.
    connections: Option<usize>,
    speaks_http2: bool,
    edits: RequestEdits,
    addresses: OwnAddresses,
}

/// Time in which a server has to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

impl Upstream {
    /// Builds the upstream. `idle_timeout` is the time for which a response may have no byte,
    /// `secrets` the field values that were read from files before.
    ///
    /// # Errors
    /// A file of `ca`, `pin` or `headers` that cannot be used.
    pub fn build(
        config: &model::Upstream,
        idle_timeout: Duration,
        secrets: &mut SecretValues,
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let tls = config.is_secure().then(|| UpstreamTls::load(config, roots));
        let tls = tls.transpose()?;
        let servers = config.servers.iter().cloned();
        Ok(Self {
            servers: servers
                .map(|server| Server::new(server, tls.as_ref()))
                .collect::<anyhow::Result<_>>()?,
            turn: AtomicUsize::new(0),
            kind: Kind::new(config),
            idle_timeout,
            connections: config.connections,
            speaks_http2: config.http2,
            edits: RequestEdits::build(config, secrets)?,
            addresses: OwnAddresses::new(config),
        })
    }

    /// The route of a new request for a site.
    #[must_use]
    pub fn route(self: &Arc<Self>, site: Arc<str>) -> Route {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Route::new(self.clone(), site, turn)
    }

    /// The addresses of the servers that redirects may name.
    #[must_use]
    pub fn addresses(&self) -> &OwnAddresses {
        &self.addresses
    }

    /// Reports whether the upstream is known to be openHAB.
    #[must_use]
    pub fn is_openhab(&self) -> bool {
        self.kind.is_openhab()
    }

    /// Recognises openHAB by a successful response.
    pub fn recognise_openhab(&self, target: &str, content_type: &[u8]) {
        self.kind.notice(target, content_type);
    }

    /// Returns the states of the servers.
    #[must_use]
    pub fn states(&self) -> Vec<ServerState> {
        self.servers.iter().map(Server::state_of_health).collect()
    }

    /// Takes over the kind that was recognised before a reload, and the health of the servers.
    pub fn inherit(&self, before: &Self) {
        self.kind.remember(&before.kind);
        for (server, before) in self.servers.iter().zip(&before.servers) {
            server.health.inherit(&before.health);
        }
    }

    /// Reports whether requests are sent over HTTP/2, except those that open WebSockets.
    #[must_use]
    pub fn speaks_http2(&self) -> bool {
        self.speaks_http2
    }

    /// Sets a peer's timeouts and application protocol.
    fn with_options(mut peer: HttpPeer, alpn: ALPN) -> HttpPeer {
        let options = &mut peer.options;
        options.alpn = alpn;
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
        peer
    }
}
