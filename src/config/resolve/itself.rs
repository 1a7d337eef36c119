//! The addresses and names at which hubgate itself answers: an upstream there would be a loop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::{host, listen};
use crate::config::{
    file::File,
    model::{Host, Server},
};

/// What reaches hubgate on this machine, as far as the file says it.
pub(super) struct Itself {
    addresses: Vec<SocketAddr>,
    hosts: Vec<Host>,
}

impl Itself {
    /// What the file says; values that are wrong are left out here.
    pub(super) fn of(file: &File) -> Self {
        let listens = file.listen.https.iter().chain(&file.listen.http);
        let hosts = file.sites.iter().flat_map(|site| &site.hosts);
        Self {
            addresses: listens
                .filter_map(|text| listen::parse(text, 0).ok())
                .collect(),
            hosts: hosts.filter_map(|text| host::parse(text).ok()).collect(),
        }
    }

    /// The server, unless hubgate would forward to itself.
    pub(super) fn refuse(&self, server: Server) -> Result<Server, String> {
        match &server {
            Server::Tcp { host, port, .. } if self.answers(host, *port) => Err(format!(
                "{server} is hubgate itself, which listens there: write the hub's own address and port, \
                 such as http://127.0.0.1:8080"
            )),
            _ => Ok(server),
        }
    }

    /// Whether hubgate listens on this port of some address.
    pub(super) fn listens_on(&self, port: u16) -> bool {
        self.addresses
            .iter()
            .any(|listener| listener.port() == port)
    }

    fn answers(&self, host: &str, port: u16) -> bool {
        let mut listeners = self
            .addresses
            .iter()
            .filter(|listener| listener.port() == port);
        let name = Host::Name(host.to_owned());
        if self.hosts.contains(&name) && host != "localhost" {
            return listeners.next().is_some();
        }
        let targets = targets(host);
        listeners.any(|listener| targets.iter().any(|target| reaches(listener.ip(), *target)))
    }
}

/// The addresses of a host that need no look-up.
fn targets(host: &str) -> Vec<IpAddr> {
    match host.parse() {
        Ok(address) => vec![address],
        Err(_) if host == "localhost" => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Err(_) => Vec::new(),
    }
}

/// Whether a connection to `target` arrives at a listener.
fn reaches(listener: IpAddr, target: IpAddr) -> bool {
    listener == target || listen::covers(listener, target) && is_this_machine(target)
}

/// Whether an address is this machine's own: a socket can be bound there, and not at one that no
/// machine has (RFC 5737, RFC 3849), as the kernel may allow both. Nothing is sent.
fn is_this_machine(address: IpAddr) -> bool {
    let nowhere: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let can_bind = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    address.is_loopback() || address.is_unspecified() || can_bind(address) && !can_bind(nowhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address from which this machine would reach others; loopback where it reaches none.
    fn own_address() -> IpAddr {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let connected = socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9));
        let own = connected.and_then(|()| socket.local_addr());
        own.map_or(Ipv4Addr::LOCALHOST.into(), |own| own.ip())
    }

    #[test]
    fn the_own_address_of_the_machine_reaches_a_listener_on_all_of_them() {
        let own = own_address();
        assert!(reaches(Ipv4Addr::UNSPECIFIED.into(), own), "{own}");
        assert!(reaches(Ipv6Addr::UNSPECIFIED.into(), own), "{own}");
        let other = Ipv4Addr::new(198, 51, 100, 7).into();
        assert!(!reaches(Ipv6Addr::UNSPECIFIED.into(), other));
        assert!(!reaches(own, other));
    }
}
