//! The choice of a server for each request, by Pingora's load balancer.
//!
//! The servers take turns. One that failed a health check, or to which no connection was made in
//! the last seconds, is passed over; if all were, all are tried. No request is refused by a check.

use std::{cell::Cell, net::Ipv4Addr, sync::Arc};

use futures_util::FutureExt;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_load_balancing::{
    Backend, Backends, Extensions, HealthRegistry, LoadBalancer, discovery::Static,
    selection::RoundRobin,
};

use super::{health::ServerHealth, server::Server};

/// The choice among the servers of an upstream.
pub(super) struct Balancer(LoadBalancer<RoundRobin>);

impl Balancer {
    /// A choice among this number of servers, without health checks.
    pub(super) fn unchecked(servers: usize) -> Self {
        let backends = (0..servers).map(|index| backend(index, Extensions::new()));
        Self::new(Backends::new(Static::new(backends.collect())))
    }

    /// A choice among servers whose health a registry checks.
    pub(super) fn checked(healths: &[Arc<ServerHealth>], registry: Arc<HealthRegistry>) -> Self {
        let backends = healths.iter().enumerate().map(|(index, health)| {
            let mut extensions = Extensions::new();
            extensions.insert(health.clone());
            backend(index, extensions)
        });
        let backends = Static::new(backends.collect());
        Self::new(Backends::new_with_health_registry(backends, registry))
    }

    fn new(backends: Backends) -> Self {
        let balancer = LoadBalancer::from_backends(backends);
        // Ready at once and without an error: the servers are those of the configuration.
        balancer.update().now_or_never();
        Self(balancer)
    }

    /// The order in which a request tries the servers, by their indices.
    pub(super) fn order(&self, servers: &[Server]) -> Vec<usize> {
        let count = servers.len();
        let is_resting = |index: usize| servers.get(index).is_some_and(Server::is_resting);
        let in_turn = Cell::new(None);
        let is_good = |backend: &Backend, is_healthy| {
            let index = index(backend);
            in_turn.set(in_turn.get().or(Some(index)));
            is_healthy && !is_resting(index)
        };
        // A failed search takes one turn more than a multiple of their number.
        let chosen = self.0.select_with(b"", count * 2, is_good);
        let first = chosen.as_ref().map(index).or(in_turn.get()).unwrap_or(0);
        let mut order: Vec<_> = (0..count).map(|nth| (first + nth) % count).collect();
        order.sort_by_cached_key(|&index| (is_resting(index), !self.is_healthy(index)));
        order
    }

    /// Reports whether a server passed its last health check, or had none.
    pub(super) fn is_healthy(&self, index: usize) -> bool {
        self.0.backends().ready(&backend(index, Extensions::new()))
    }
}

/// A server for Pingora. It stands for all addresses of its name, so that its index is the address.
fn backend(index: usize, ext: Extensions) -> Backend {
    let number = u32::try_from(index).unwrap_or(u32::MAX);
    let address = std::net::SocketAddr::from((Ipv4Addr::from(number), 0));
    Backend {
        addr: SocketAddr::Inet(address),
        weight: 1,
        ext,
    }
}

/// The index of a server.
fn index(backend: &Backend) -> usize {
    match backend.addr.as_inet() {
        Some(std::net::SocketAddr::V4(address)) => u32::from(*address.ip()) as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
