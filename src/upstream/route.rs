//! The route of one request through the servers of an upstream, which tries each address once.
//!
//! The order is fixed when the request begins; failures of other requests do not change it.

use std::{
    fmt::{self, Display},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use super::{RequestEdits, Server, Upstream};
use pingora_core::{protocols::ALPN, upstreams::peer::HttpPeer};

/// The route of one request through the servers of an upstream.
pub struct Route {
    upstream: Arc<Upstream>,
    /// The name of the request's site, for the journal.
    site: Arc<str>,
    /// Indices into `upstream.servers`; those of resting servers are last.
    order: Vec<usize>,
    /// The index into `order` of the current server.
    server: usize,
    /// The index of the current address.
    address: usize,
    /// The number of the current server's addresses.
    addresses: usize,
}

/// An address of a server.
#[derive(Clone)]
pub(super) enum Target {
    /// TCP in the clear.
    Plain(SocketAddr),
    /// TLS, or a Unix socket.
    Other(Box<HttpPeer>),
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(address) => address.fmt(f),
            Self::Other(peer) => peer._address.fmt(f),
        }
    }
}

impl Route {
    pub(super) fn new(upstream: Arc<Upstream>, site: Arc<str>, turn: usize) -> Self {
        let count = upstream.servers.len();
        let mut order: Vec<_> = (0..count).map(|nth| (turn + nth) % count).collect();
        if count > 1 {
            order.sort_by_cached_key(|&index| upstream.servers[index].is_resting());
        }
        Self {
            upstream,
            site,
            order,
            server: 0,
            address: 0,
            addresses: 0,
        }
    }

    /// The upstream's edits to the head of the request.
    #[must_use]
    pub fn edits(&self) -> &RequestEdits {
        &self.upstream.edits
    }

    /// The upstream.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// The time for which a response may have no byte.
    #[must_use]
    pub fn idle_timeout(&self) -> Duration {
        self.upstream.idle_timeout
    }

    /// Connections to each server at most.
    pub(super) fn connections(&self) -> Option<usize> {
        self.upstream.connections
    }

    /// The current target; none after the last one. `alpn` is offered over TLS.
    ///
    /// # Errors
    /// The failed look-up, if only servers with unresolved names were left.
    pub(super) async fn target(&mut self, alpn: ALPN) -> io::Result<Option<Target>> {
        let target = self.next(|server, peer| match peer._address.as_inet() {
            Some(address) if server.is_plain() => Target::Plain(*address),
            _ => Target::Other(Box::new(peer.clone())),
        });
        Ok(match target.await? {
            Some(Target::Other(mut peer)) => {
                let domain = self.current().and_then(Server::http2_domain);
                if let Some(domain) = domain.filter(|_| alpn == ALPN::H2) {
                    domain.clone_into(&mut peer.sni);
                }
                Some(Target::Other(Box::new(Upstream::with_options(*peer, alpn))))
            }
            target => target,
        })
    }

    async fn next<T>(&mut self, target: impl Fn(&Server, &HttpPeer) -> T) -> io::Result<Option<T>> {
        let mut unresolved = None;
        while let Some(server) = self.current() {
            match server.peers().await {
                Ok(peers) if self.address < peers.len() => {
                    let target = target(server, &peers[self.address]);
                    self.addresses = peers.len();
                    return Ok(Some(target));
                }
                Ok(_) => {}
                Err(error) => {
                    let why = format!("its name does not resolve: {error}");
                    server.log_connect(&self.site, &why);
                    unresolved = Some(error);
                }
            }
            self.next_server();
        }
        unresolved.map_or(Ok(None), Err)
    }

    /// Logs an unreachable address and advances; returns whether another server or address is left.
    pub(super) fn unreachable(&mut self, address: &dyn Display, why: &dyn Display) -> bool {
        if let Some(server) = self.current() {
            let why = format!("cannot be reached at {address}: {why}");
            server.log_connect(&self.site, &why);
            server.rest();
        }
        self.address += 1;
        if self.address >= self.addresses {
            self.next_server();
        }
        self.current().is_some()
    }

    /// Takes the fault of the last TLS handshake with the current server.
    #[must_use]
    pub(super) fn take_tls_fault(&self) -> Option<String> {
        self.current()?.take_tls_fault()
    }

    /// Logs a fault of the current server's response.
    pub fn log_response(&self, path: &str, why: &str) {
        if let Some(server) = self.current() {
            server.log_response(&self.site, &format!("its answer to {path}: {why}"));
        }
    }

    fn current(&self) -> Option<&Server> {
        let index = self.order.get(self.server)?;
        self.upstream.servers.get(*index)
    }

    fn next_server(&mut self) {
        self.server += 1;
        (self.address, self.addresses) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::model, tls::SystemRoots, upstream::SecretValues};

    #[tokio::test]
    async fn a_request_tries_each_server_once_although_servers_begin_to_rest() {
        let server = |port| model::Server::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
            tls: false,
        };
        let config = model::Upstream {
            servers: vec![server(1), server(2), server(3)],
            ..model::Upstream::default()
        };
        let no_roots = SystemRoots::none();
        let upstream =
            Upstream::build(&config, Duration::ZERO, &mut SecretValues::new(), &no_roots);
        let upstream = Arc::new(upstream.unwrap());
        let mut route = upstream.route("home.test".into());
        let mut tried = Vec::new();
        while let Some(target) = route.target(ALPN::H1).await.unwrap() {
            tried.push(target.to_string());
            let more = route.unreachable(&target, &"refused");
            assert_eq!(more, tried.len() < 3);
        }
        assert_eq!(tried, ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
    }
}
