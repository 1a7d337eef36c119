//! How a connection comes about: look-up, TCP to the first address that answers, the proxy, TLS.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::select_ok;
use rustls::{
    ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider, pki_types::ServerName,
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::sleep,
};
use tokio_rustls::TlsConnector;

use super::{connection::Connection, origin::Origin, proxy::Proxy, received::Stream};
use crate::acme::problem::{Cause, Class, Problem};

/// How long one address has before the next is tried as well (RFC 8305, 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Opens connections.
pub(super) struct Dialer {
    tls: TlsConnector,
    proxy: Proxy,
}

impl Dialer {
    pub(super) fn new(roots: RootCertStore, proxy: Proxy) -> anyhow::Result<Self> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            proxy,
        })
    }

    /// Connects to a server; there is no time limit in here.
    pub(super) async fn open(&self, origin: &Origin) -> Result<Connection, Problem> {
        let stream = self.reach(origin).await?;
        let stream: Box<dyn Stream> = if origin.secure {
            Box::new(self.encrypt(origin, stream).await?)
        } else {
            Box::new(stream)
        };
        Connection::begin(origin, stream).await
    }

    async fn reach(&self, origin: &Origin) -> Result<TcpStream, Problem> {
        let Some(gateway) = self.proxy.for_origin(origin) else {
            return connect(&origin.host, origin.port, !origin.secure).await;
        };
        let stream = connect(&gateway.host, gateway.port, false)
            .await
            .map_err(|problem| Problem {
                detail: format!("the proxy of HTTPS_PROXY: {problem}"),
                ..problem
            })?;
        gateway.pass(stream, origin).await
    }

    async fn encrypt(
        &self,
        origin: &Origin,
        stream: TcpStream,
    ) -> Result<impl Stream + 'static, Problem> {
        let name = ServerName::try_from(origin.host.clone())
            .map_err(|_| Problem::new(Class::Refused, format!("{origin} is no server's name")))?;
        let tls = self.tls.connect(name, stream).await;
        tls.map_err(|fault| unsafe_connection(origin, &fault))
    }
}

/// Connects to the first of the host's addresses that answers, each tried a moment after the one
/// before, IPv6 and IPv4 by turns.
async fn connect(host: &str, port: u16, loopback_only: bool) -> Result<TcpStream, Problem> {
    let found = lookup_host((host, port)).await;
    let mut addresses = by_turns(found.map_err(|fault| unresolved(host, &fault))?);
    addresses.retain(|address| !loopback_only || address.ip().to_canonical().is_loopback());
    if addresses.is_empty() {
        return Err(unresolved(host, &"no address"));
    }
    let attempts = (0u32..)
        .zip(addresses)
        .map(|(turn, address)| Box::pin(attempt(HEAD_START * turn, address)));
    let (stream, _) = select_ok(attempts)
        .await
        .map_err(|fault| unconnected(host, port, &fault))?;
    Ok(stream)
}

async fn attempt(wait: Duration, address: SocketAddr) -> io::Result<TcpStream> {
    sleep(wait).await;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses with both families by turns, beginning with the first one's.
fn by_turns(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (like_first, others): (Vec<_>, Vec<_>) =
        addresses.partition(|address| address.is_ipv6() == first);
    let mut ranked: Vec<_> = like_first.into_iter().enumerate().collect();
    ranked.extend(others.into_iter().enumerate());
    ranked.sort_by_key(|&(rank, _)| rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

fn unresolved(host: &str, cause: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        Class::Network,
        format!("cannot look up {host} ({cause}); check the name and the DNS of this machine"),
    )
    .caused_by(Cause::NameLookup)
}

fn unconnected(host: &str, port: u16, cause: &io::Error) -> Problem {
    Problem::new(
        Class::Network,
        format!("cannot connect to {host}, port {port}: {cause}"),
    )
    .caused_by(Cause::Unreachable)
}

fn unsafe_connection(origin: &Origin, fault: &io::Error) -> Problem {
    let tls = fault.get_ref().and_then(|tls| tls.downcast_ref());
    let cause = match tls {
        Some(rustls::Error::InvalidCertificate(_)) => Cause::Untrusted,
        _ => Cause::NoTls,
    };
    let detail = format!("no safe connection to {origin}: {fault}");
    Problem::new(Class::Network, detail).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_of_addresses_take_turns() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[fd00::1]:1", "[fd00::2]:1", "10.0.0.1:1"].map(address);
        let turns = by_turns(found.into_iter());
        assert_eq!(
            turns,
            ["[fd00::1]:1", "10.0.0.1:1", "[fd00::2]:1"].map(address)
        );
    }
}
