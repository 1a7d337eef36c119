//! The TLS handshake of a connection: ClientHello, site, TLS configuration.

use std::{io, sync::Arc};

use rustls::{
    ProtocolVersion, ServerConfig,
    server::{Accepted, AcceptedAlert, Acceptor, ClientHello},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{StartHandshake, server::TlsStream};

use crate::{
    config::model::Host,
    http::proxy::Proxy,
    tls::ClientChain,
    transport::{
        connection_info::{ConnectionInfo, Handshake},
        socket::Socket,
    },
};

/// ALPN protocol of a TLS-ALPN-01 validation (RFC 8737, section 6.2).
const ACME_TLS: &[u8] = b"acme-tls/1";
/// Bytes that are read after a failed handshake, so that the client receives the alert.
const MAX_REST: usize = 16 * 1024;
/// Most bytes of a ClientHello with its records; today's longest key shares take 2 KiB.
const MAX_HELLO: usize = 16 * 1024;
/// Bytes of one read.
const CHUNK: usize = 1024;

/// A TLS handshake as the server.
pub(super) struct TlsHandshake<'a> {
    proxy: &'a Proxy,
    connection: ConnectionInfo,
}

impl<'a> TlsHandshake<'a> {
    pub(super) fn new(proxy: &'a Proxy, connection: ConnectionInfo) -> Self {
        Self { proxy, connection }
    }

    /// Completes the handshake with the configuration of the site and the peer's network.
    ///
    /// Returns none after a CA's TLS-ALPN-01 validation, which ends the connection (RFC 8737,
    /// section 3).
    ///
    /// # Errors
    /// When the handshake fails; the client was sent an alert.
    pub(super) async fn accept(
        mut self,
        mut stream: TcpStream,
    ) -> io::Result<Option<(Socket, ConnectionInfo)>> {
        let failed = &self.proxy.events.counters.handshakes_failed;
        let hello = read_client_hello(&mut stream).await;
        let accepted = hello.inspect_err(|_| failed.add(1))?;
        let start = StartHandshake::from_parts(accepted, stream);
        let name = start
            .client_hello()
            .server_name()
            .map(|name| Host::Name(name.to_ascii_lowercase()));
        if let Some(config) = self.challenge_response(&start.client_hello()) {
            return start.into_stream(config).await.map(|_| None);
        }
        let (config, requested) = self.site_config(name.as_ref());
        match start.into_stream(config).into_fallible().await {
            Ok(stream) => {
                let counters = &self.proxy.events.counters;
                counters.handshakes_completed.add(1);
                self.connection.tls = Some(Handshake::new(&stream, name, requested));
                Ok(Some((Socket::Tls(Box::new(stream)), self.connection)))
            }
            Err((error, stream)) => {
                failed.add(1);
                close_after_alert(stream).await;
                Err(error)
            }
        }
    }

    /// Returns the configuration of a pending TLS-ALPN-01 challenge for a validation request.
    fn challenge_response(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut protocols = hello.alpn()?;
        let (first, more) = (protocols.next(), protocols.next());
        if first != Some(ACME_TLS) || more.is_some() {
            return None;
        }
        let peer = self.connection.peer.ip();
        let challenges = &self.proxy.challenges;
        challenges.tls_alpn_config(hello.server_name()?, peer)
    }

    /// Returns the configuration for a name and the peer; true if it has a CertificateRequest.
    fn site_config(&self, name: Option<&Host>) -> (Arc<ServerConfig>, bool) {
        let sites = self.proxy.sites();
        match sites.of_handshake(name, self.connection.local.ip()) {
            Some(site) => {
                let requested =
                    self.proxy
                        .requests_client_cert(&sites, site, self.connection.network_peer());
                (site.tls.config(requested), requested)
            }
            None => (sites.placeholder(), false),
        }
    }
}

impl Handshake {
    fn new(stream: &TlsStream<TcpStream>, server_name: Option<Host>, requested: bool) -> Self {
        let (_, session) = stream.get_ref();
        let certificates = session.peer_certificates().unwrap_or_default();
        let chain = ClientChain::from_handshake(certificates);
        let length: usize = certificates
            .iter()
            .map(|certificate| certificate.len())
            .sum();
        Self {
            server_name,
            requested_certificate: requested,
            certificates: length + chain.length(),
            chain: Arc::new(chain),
            version: match session.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                _ => "TLSv1.2",
            },
        }
    }
}

/// Reads the ClientHello (RFC 8446, section 4.1.2).
///
/// # Errors
/// `InvalidData` for other input, which is answered with an alert, and for more than
/// [`MAX_HELLO`] bytes.
async fn read_client_hello(stream: &mut TcpStream) -> io::Result<Accepted> {
    let mut acceptor = Acceptor::default();
    let (mut chunk, mut left) = ([0; CHUNK], MAX_HELLO);
    while left > 0 {
        let length = left.min(CHUNK);
        let read = stream.read(&mut chunk[..length]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= read;
        let mut unread = &chunk[..read];
        while !unread.is_empty() {
            acceptor.read_tls(&mut unread)?;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => {}
            Err((error, alert)) => {
                send(alert, stream).await;
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

async fn send(mut alert: AcceptedAlert, stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    if alert.write_all(&mut bytes).is_ok() {
        stream.write_all(&bytes).await.ok();
    }
}

/// Reads bytes in flight before the close: unread bytes would cause a reset, which discards the
/// alert.
async fn close_after_alert(mut stream: TcpStream) {
    stream.shutdown().await.ok();
    let mut rest = [0; CHUNK];
    for _ in 0..MAX_REST / rest.len() {
        if !matches!(stream.read(&mut rest).await, Ok(1..)) {
            return;
        }
    }
}
