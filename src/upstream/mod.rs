//! Upstreams: the servers of a site, and the connections and HTTP/2 streams to them.
//!
//! A route tries the servers in turn, and passes over one that failed its last health check, or was
//! unreachable within the last ten seconds, while another is available. `http/forward` sends
//! requests and parses responses.

mod balancer;
mod connection;
mod connects;
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
    sync::{Arc, OnceLock},
    time::Duration,
};

use pingora_core::{protocols::ALPN, upstreams::peer::HttpPeer};
use pingora_load_balancing::HealthRegistry;

use crate::{config::model, tls::SystemRoots};

use self::{balancer::Balancer, kind::Kind, secure::UpstreamTls, server::Server};
pub use self::{
    connection::{Connector, UpstreamConnection},
    connects::ServerState,
    dial::Unreachable,
    health::{HubState, ServerHealth, Target as HealthTarget},
    http2::{Http2Answer, Http2Request, Http2Stream, is_unprocessed},
    own_address::OwnAddresses,
    pool::Reuse,
    request_edits::{RequestEdits, SecretValue, SecretValues},
    route::Route,
    stream::UpstreamStream,
};

/// The servers of a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    balancer: OnceLock<Balancer>,
    /// The configuration, if the servers' health is checked.
    checked: Option<Box<model::Upstream>>,
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
            balancer: OnceLock::new(),
            checked: config.health.is_some().then(|| Box::new(config.clone())),
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
        Route::new(self.clone(), site, self.order())
    }

    /// The route of a health check to one server.
    #[must_use]
    pub fn check_route(self: &Arc<Self>, index: usize) -> Route {
        Route::to_server(self.clone(), index)
    }

    /// The order in which a request tries the servers, by their indices.
    fn order(&self) -> Vec<usize> {
        match self.servers.len() {
            1 => vec![0],
            _ => self.balancer().order(&self.servers),
        }
    }

    fn balancer(&self) -> &Balancer {
        let unchecked = || Balancer::unchecked(self.servers.len());
        self.balancer.get_or_init(unchecked)
    }

    /// The settings of the health checks, if there are any.
    #[must_use]
    pub fn health_check(&self) -> Option<&model::HealthCheck> {
        self.checked.as_ref()?.health.as_ref()
    }

    /// Each server's own part of the configuration: while it is the same, its health stays.
    pub fn health_keys(&self) -> impl Iterator<Item = model::Upstream> {
        let checked = self.checked.iter();
        checked.flat_map(|config| {
            let servers = config.servers.iter();
            servers.map(|server| model::Upstream {
                servers: vec![server.clone()],
                connections: None,
                kind: None,
                ..model::Upstream::clone(config)
            })
        })
    }

    /// Begins to follow the health of the servers, in their order, as a registry checks it. Must
    /// precede the first request.
    pub fn follow_health(&self, healths: &[Arc<ServerHealth>], registry: Arc<HealthRegistry>) {
        for (server, health) in self.servers.iter().zip(healths) {
            server.follow_health(health.clone());
        }
        let balancer = || Balancer::checked(healths, registry);
        self.balancer.get_or_init(balancer);
    }

    /// The health of the servers that are checked.
    pub fn healths(&self) -> impl Iterator<Item = &Arc<ServerHealth>> {
        self.servers.iter().filter_map(Server::health)
    }

    /// Ends the rest of a server that passed a health check.
    pub fn end_rest(&self, index: usize) {
        if let Some(server) = self.servers.get(index) {
            server.end_rest();
        }
    }

    /// Reports whether any server passed its last health check, or had none.
    #[must_use]
    pub fn has_healthy_server(&self) -> bool {
        let mut servers = 0..self.servers.len();
        servers.any(|index| self.balancer().is_healthy(index))
    }

    /// The number of servers.
    #[must_use]
    pub fn server_count(&self) -> usize {
        self.servers.len()
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
        self.servers.iter().map(Server::connect_state).collect()
    }

    /// Takes over the kind that was recognised before a reload, and the connects of the servers.
    pub fn inherit(&self, before: &Self) {
        self.kind.remember(&before.kind);
        for (server, before) in self.servers.iter().zip(&before.servers) {
            server.connects.inherit(&before.connects);
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
