//! The servers behind a site: which one is asked next, and what became of it.
//!
//! A server that could not be reached is passed over for ten seconds while
//! another is there. Connections are pooled here, or by the engine where it
//! made them; nothing is here about HTTP.

mod pool;
mod request_edits;
mod route;
mod secure;
mod server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use pingora_core::{
    protocols::ALPN,
    upstreams::peer::{HttpPeer, HttpUpstreamRequestPolicy},
};

use crate::{config::model, tls::SystemRoots};

pub use self::{
    pool::Pool,
    request_edits::{RequestEdits, SecretValue, SecretValues},
    route::Route,
};
use self::{secure::HubTls, server::Server};

/// The servers behind a site or path.
pub struct Upstream {
    servers: Vec<Server>,
    turn: AtomicUsize,
    silence: Duration,
    edits: RequestEdits,
}

/// How long to wait for a server to take a connection.
pub const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait for a server to take some bytes.
const WRITE: Duration = Duration::from_secs(60);
/// How long a pooled connection is kept; Jetty closes its own after 300 s.
const POOLED: Duration = Duration::from_secs(60);

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
            silence,
            edits: RequestEdits::build(config, secrets)?,
        })
    }

    /// The way of a new request, for this site, through the servers.
    #[must_use]
    pub fn route(self: &Arc<Self>, site: Arc<str>) -> Route {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Route::new(self.clone(), site, turn)
    }

    fn dress(&self, mut peer: HttpPeer) -> HttpPeer {
        let options = &mut peer.options;
        options.alpn = ALPN::H1;
        options.connection_timeout = Some(CONNECT);
        options.total_connection_timeout = Some(CONNECT * 2);
        options.read_timeout = Some(self.silence);
        options.write_timeout = Some(WRITE);
        options.idle_timeout = Some(POOLED);
        options.http_upstream_request_policy = HttpUpstreamRequestPolicy::deny_upgrades();
        peer
    }
}
