//! Whether a hub can be reached past hubgate: it listens on all interfaces.

use std::{collections::BTreeSet, fs, net::IpAddr};

use crate::config::model::{Config, Server};

/// Listening sockets, as the kernel shows them.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// A socket's state when it listens.
const LISTEN: &str = "0A";

/// One warning for each hub of this machine that answers on all interfaces.
pub(crate) fn warnings(config: &Config) -> Vec<String> {
    let tables = TABLES.map(|table| fs::read_to_string(table).unwrap_or_default());
    let open: BTreeSet<_> = tables.iter().flat_map(|table| open_ports(table)).collect();
    let hubs: BTreeSet<_> = local_ports(config).collect();
    hubs.intersection(&open)
        .map(|port| {
            format!(
                "the hub on port {port} answers on all interfaces, past hubgate: \
                 for openHAB set OPENHAB_HTTP_ADDRESS=127.0.0.1 in /etc/default/openhab"
            )
        })
        .collect()
}

fn local_ports(config: &Config) -> impl Iterator<Item = u16> {
    let upstreams = config.sites.iter().flat_map(|site| site.upstreams());
    upstreams
        .flat_map(|upstream| &upstream.servers)
        .filter_map(|server| match server {
            Server::Tcp { host, port, .. } if is_loopback(host) => Some(*port),
            _ => None,
        })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

/// The ports of a table that are listened on at the unspecified address.
fn open_ports(table: &str) -> impl Iterator<Item = u16> {
    table.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_whitespace().skip(1);
        let (address, port) = columns.next()?.split_once(':')?;
        let everywhere = address.bytes().all(|digit| digit == b'0');
        let listens = columns.nth(1)? == LISTEN;
        let port = u16::from_str_radix(port, 16).ok()?;
        (everywhere && listens).then_some(port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_listens_everywhere_is_open() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
            0: 00000000:1F90 00000000:0000 0A 00000000:00000000\n\
            1: 0100007F:1F91 00000000:0000 0A 00000000:00000000\n\
            2: 00000000:1F92 0100007F:0000 01 00000000:00000000\n\
            3: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A 0\n";
        assert_eq!(open_ports(table).collect::<Vec<_>>(), [8080, 8083]);
    }
}
