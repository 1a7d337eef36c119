//! Addresses and hosts of hubgate itself, to which it must not forward requests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::listen::{self, ListenText};
use crate::config::{
    file::File,
    model::{Host, Server},
};

/// Listeners and hosts of the file.
pub(super) struct OwnAddresses {
    listeners: Vec<SocketAddr>,
    hosts: Vec<Host>,
}

impl OwnAddresses {
    /// Collects the listeners and hosts of a file. Invalid values are skipped.
    pub(super) fn new(file: &File) -> Self {
        let listeners = file.listen.https.iter().chain(&file.listen.http);
        let listeners = listeners.filter_map(|text| ListenText { text, port: 0 }.parse().ok());
        let hosts = file.sites.iter().flat_map(|site| &site.hosts);
        Self {
            listeners: listeners.collect(),
            hosts: hosts.filter_map(|text| Host::parse(text).ok()).collect(),
        }
    }

    /// Refuses a server that is hubgate itself.
    pub(super) fn check(&self, server: Server) -> Result<Server, String> {
        match &server {
            Server::Tcp { host, port, .. } if self.contains(host, *port) => Err(format!(
                "{server} is hubgate itself, which listens there: write the hub's own address and port, \
                 such as http://127.0.0.1:8080"
            )),
            _ => Ok(server),
        }
    }

    /// True if hubgate listens on this port of any address.
    pub(super) fn listens_on(&self, port: u16) -> bool {
        let mut ports = self.listeners.iter().map(SocketAddr::port);
        ports.any(|own| own == port)
    }

    fn contains(&self, host: &str, port: u16) -> bool {
        let name = Host::Name(host.to_owned());
        if self.hosts.contains(&name) && host != "localhost" {
            return self.listens_on(port);
        }
        let targets = fixed_addresses(host);
        let listeners = self.listeners.iter();
        let mut listeners = listeners.filter(|listener| listener.port() == port);
        listeners.any(|listener| targets.iter().any(|target| reaches(listener.ip(), *target)))
    }
}

/// Returns the addresses of a host that needs no DNS query; empty for any other.
fn fixed_addresses(host: &str) -> Vec<IpAddr> {
    match host.parse() {
        Ok(address) => vec![address],
        Err(_) if host == "localhost" => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Err(_) => Vec::new(),
    }
}

/// True if a connection to `target` arrives at a listener.
fn reaches(listener: IpAddr, target: IpAddr) -> bool {
    listener == target || listen::covers(listener, target) && is_this_machine(target)
}

/// True for an address of this machine: a socket can be bound to it. False if the kernel binds
/// sockets to any address, even to one for documentation (RFC 5737, RFC 3849). Sends nothing.
fn is_this_machine(address: IpAddr) -> bool {
    let documentation: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let can_bind = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    address.is_loopback()
        || address.is_unspecified()
        || can_bind(address) && !can_bind(documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the address from which this machine reaches others, or loopback if it reaches none.
    fn own_address() -> IpAddr {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let connected = socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9));
        let own = connected.and_then(|()| socket.local_addr());
        own.map_or(Ipv4Addr::LOCALHOST.into(), |own| own.ip())
    }

    #[test]
    fn an_address_of_the_machine_reaches_a_listener_on_all_addresses() {
        let own = own_address();
        assert!(reaches(Ipv4Addr::UNSPECIFIED.into(), own), "{own}");
        assert!(reaches(Ipv6Addr::UNSPECIFIED.into(), own), "{own}");
        let other = Ipv4Addr::new(198, 51, 100, 7).into();
        assert!(!reaches(Ipv6Addr::UNSPECIFIED.into(), other));
        assert!(!reaches(own, other));
    }
}
