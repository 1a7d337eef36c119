//! Hubs on this machine that listen on all interfaces, so that clients can bypass hubgate.

use std::{collections::BTreeSet, net::IpAddr};

use super::ports::Listener;
use crate::config::model::{Config, Server};

/// Returns one warning for each hub of this machine that listens on all interfaces.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let listeners = Listener::all().into_iter();
    let addresses = listeners.map(|listener| listener.address);
    let open: BTreeSet<_> = addresses
        .filter(|address| address.ip().is_unspecified())
        .map(|address| address.port())
        .collect();
    let hubs: BTreeSet<_> = local_ports(config).collect();
    hubs.intersection(&open)
        .map(|port| {
            format!(
                "the hub on port {port} listens on all interfaces, so that clients can bypass hubgate: \
                 for openHAB set OPENHAB_HTTP_ADDRESS=127.0.0.1 in /etc/default/openhab"
            )
        })
        .collect()
}

/// Returns the ports of hubs on this machine.
fn local_ports(config: &Config) -> impl Iterator<Item = u16> {
    let upstreams = config.sites.iter().flat_map(|site| site.upstreams());
    let servers = upstreams.flat_map(|upstream| &upstream.servers);
    servers.filter_map(|server| match server {
        Server::Tcp { host, port, .. } if is_loopback(host) => Some(*port),
        _ => None,
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
