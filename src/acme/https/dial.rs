//! Opens connections: name look-up, TCP by Happy Eyeballs (RFC 8305), proxy, TLS.

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

use super::{connection::Connection, observed_stream::Stream, origin::Origin, proxy::Proxy};
use crate::acme::problem::{Cause, Class, Problem};

/// The Connection Attempt Delay of Happy Eyeballs (RFC 8305, 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Opens connections, without a time limit.
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

    /// Opens a connection to a server.
    pub(super) async fn open(&self, origin: &Origin) -> Result<Connection, Problem> {
        let stream = self.connect(origin).await?;
        let stream: Box<dyn Stream> = if origin.secure {
            Box::new(self.encrypt(origin, stream).await?)
        } else {
            Box::new(stream)
        };
        Connection::start(origin.clone(), stream).await
    }

    /// Connects to the server, or to the proxy and through it to the server.
    async fn connect(&self, origin: &Origin) -> Result<TcpStream, Problem> {
        let Some(gateway) = self.proxy.for_origin(origin) else {
            let endpoint = Endpoint {
                host: &origin.host,
                port: origin.port,
                loopback_only: !origin.secure,
            };
            return endpoint.connect().await;
        };
        let endpoint = Endpoint {
            host: &gateway.host,
            port: gateway.port,
            loopback_only: false,
        };
        let stream = endpoint.connect().await.map_err(|problem| Problem {
            detail: format!("the proxy of HTTPS_PROXY: {problem}"),
            ..problem
        })?;
        gateway.tunnel(stream, origin).await
    }

    async fn encrypt(
        &self,
        origin: &Origin,
        stream: TcpStream,
    ) -> Result<impl Stream + 'static, Problem> {
        let name = ServerName::try_from(origin.host.clone()).map_err(|_| {
            Problem::new(
                Class::Refused,
                format!("{origin} is not a valid server name"),
            )
        })?;
        let handshake = self.tls.connect(name, stream).await;
        handshake.map_err(|fault| {
            let tls = fault.get_ref().and_then(|tls| tls.downcast_ref());
            let cause = match tls {
                Some(rustls::Error::InvalidCertificate(_)) => Cause::Untrusted,
                _ => Cause::NoTls,
            };
            Problem::network(format!("no TLS connection to {origin}: {fault}")).caused_by(cause)
        })
    }
}

/// A host and port to connect to.
struct Endpoint<'a> {
    host: &'a str,
    port: u16,
    /// True if only addresses of this machine are permitted.
    loopback_only: bool,
}

impl Endpoint<'_> {
    /// Connects to the first address that accepts, with IPv6 and IPv4 interleaved.
    async fn connect(&self) -> Result<TcpStream, Problem> {
        let attempts = (0u32..)
            .zip(self.addresses().await?)
            .map(|(turn, address)| Box::pin(connect_after(ATTEMPT_DELAY * turn, address)));
        let (stream, _) = select_ok(attempts)
            .await
            .map_err(|fault| self.unreachable(&fault))?;
        Ok(stream)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Problem> {
        let found = lookup_host((self.host, self.port)).await;
        let mut addresses = interleave(found.map_err(|fault| self.unresolved(&fault))?);
        addresses
            .retain(|address| !self.loopback_only || address.ip().to_canonical().is_loopback());
        match addresses.is_empty() {
            true => Err(self.unresolved(&"no address")),
            false => Ok(addresses),
        }
    }

    fn unresolved(&self, cause: &dyn std::fmt::Display) -> Problem {
        let host = self.host;
        Problem::network(format!(
            "cannot look up {host} ({cause}); check the name and the DNS of this machine"
        ))
        .caused_by(Cause::NameLookup)
    }

    fn unreachable(&self, cause: &io::Error) -> Problem {
        let Self { host, port, .. } = self;
        Problem::network(format!("cannot connect to {host}, port {port}: {cause}"))
            .caused_by(Cause::Unreachable)
    }
}

async fn connect_after(delay: Duration, address: SocketAddr) -> io::Result<TcpStream> {
    sleep(delay).await;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Interleaves IPv6 and IPv4 addresses, starting with the family of the first (RFC 8305, 4).
fn interleave(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let first = addresses.peek().is_some_and(SocketAddr::is_ipv6);
    let (like_first, others): (Vec<_>, Vec<_>) =
        addresses.partition(|address| address.is_ipv6() == first);
    let mut ranked: Vec<_> = like_first.into_iter().enumerate().collect();
    ranked.extend(others.into_iter().enumerate());
    ranked.sort_by_key(|&(rank, _)| rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_families_are_interleaved() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[fd00::1]:1", "[fd00::2]:1", "10.0.0.1:1"].map(address);
        let interleaved = interleave(found.into_iter());
        assert_eq!(
            interleaved,
            ["[fd00::1]:1", "10.0.0.1:1", "[fd00::2]:1"].map(address)
        );
    }
}
