//! The names and addresses of this machine in the home network.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// Addresses of documentation (RFC 5737, RFC 3849), routed as those of the Internet.
const REMOTE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        9,
    ),
];

/// Returns its host name, the same in `.local`, its addresses, and `localhost`.
pub fn hosts() -> Vec<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim().to_ascii_lowercase();
    let short = name.split('.').next().unwrap_or_default().to_owned();
    let local = (!short.is_empty() && short != "localhost").then(|| format!("{short}.local"));
    let named = [name]
        .into_iter()
        .filter(|name| !name.is_empty() && name != "localhost");
    let addresses = REMOTE.into_iter().filter_map(own_address);
    let addresses = addresses.map(|address| address.to_string());
    let hosts = named
        .chain(local)
        .chain(addresses)
        .chain(["localhost".to_owned()]);
    hosts.collect()
}

/// Returns the address by which this machine would reach another one; sends no packet.
fn own_address(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = match remote {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip())
}
