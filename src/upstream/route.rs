//! The way of one request through the servers of an upstream: each address once.
//!
//! The order is fixed when the request begins; what other requests find out
//! meanwhile does not change it.

use std::{fmt::Display, io, net::SocketAddr, sync::Arc, time::Duration};

use pingora_core::upstreams::peer::HttpPeer;
use tracing::warn;

use super::{Server, Upstream};

/// The way of one request through the servers of an upstream.
pub struct Route {
    upstream: Arc<Upstream>,
    /// Places in `upstream.servers`, those that rest last.
    order: Vec<usize>,
    /// The place in `order` that is tried now.
    server: usize,
    /// The address of that server that is tried now.
    address: usize,
    /// How many addresses that server has.
    addresses: usize,
}

impl Route {
    pub(super) fn new(upstream: Arc<Upstream>, turn: usize) -> Self {
        let count = upstream.servers.len();
        let mut order: Vec<_> = (0..count).map(|nth| (turn + nth) % count).collect();
        if count > 1 {
            order.sort_by_cached_key(|&place| upstream.servers[place].rests());
        }
        Self {
            upstream,
            order,
            server: 0,
            address: 0,
            addresses: 0,
        }
    }

    /// Whether all the servers speak HTTP/1.1 in the clear over TCP.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.upstream.servers.iter().all(Server::is_plain)
    }

    /// The servers that it leads through.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// How long a server may be without a byte.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.upstream.silence
    }

    /// Where to connect now, for the engine; none when all was tried.
    ///
    /// # Errors
    /// When no server was left but some whose names cannot be looked up.
    pub async fn peer(&mut self) -> io::Result<Option<HttpPeer>> {
        let peer = self.next(HttpPeer::clone).await?;
        Ok(peer.map(|peer| self.upstream.dress(peer)))
    }

    /// Where to connect now, when the servers are plain; none when all was tried.
    ///
    /// # Errors
    /// As [`Self::peer`].
    pub async fn address(&mut self) -> io::Result<Option<SocketAddr>> {
        let address = self.next(|peer| peer._address.as_inet().copied()).await?;
        Ok(address.flatten())
    }

    async fn next<T>(&mut self, told: impl Fn(&HttpPeer) -> T) -> io::Result<Option<T>> {
        let mut unknown = None;
        while let Some(server) = self.current() {
            match server.peers().await {
                Ok(peers) if self.address < peers.len() => {
                    self.addresses = peers.len();
                    return Ok(Some(told(&peers[self.address])));
                }
                Ok(_) => {}
                Err(error) => unknown = Some(error),
            }
            self.next_server();
        }
        unknown.map_or(Ok(None), Err)
    }

    /// Goes on after the peer could not be reached; says whether there may be another.
    pub fn unreachable(&mut self, address: &dyn Display, why: &dyn Display) -> bool {
        if let Some(server) = self.current() {
            if !server.rests() {
                warn!("the hub at {address} cannot be reached: {why}");
            }
            server.rest();
        }
        self.address += 1;
        if self.address >= self.addresses {
            self.next_server();
        }
        self.current().is_some()
    }

    fn current(&self) -> Option<&Server> {
        let place = self.order.get(self.server)?;
        self.upstream.servers.get(*place)
    }

    fn next_server(&mut self) {
        self.server += 1;
        (self.address, self.addresses) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model;

    #[tokio::test]
    async fn a_request_tries_each_server_once_whoever_rests_meanwhile() {
        let server = |port| model::Server::Tcp {
            host: "127.0.0.1".to_owned(),
            port,
            tls: false,
        };
        let config = model::Upstream {
            servers: vec![server(1), server(2), server(3)],
            ca: None,
            kind: None,
        };
        let upstream = Arc::new(Upstream::build(&config, Duration::ZERO).unwrap());
        let mut route = upstream.route();
        let mut tried = Vec::new();
        while let Some(peer) = route.peer().await.unwrap() {
            tried.push(peer._address.to_string());
            let more = route.unreachable(&peer._address, &"refused");
            assert_eq!(more, tried.len() < 3);
        }
        assert_eq!(tried, ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
    }
}
