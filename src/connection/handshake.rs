//! The TLS handshake: ClientHello, site, configuration, `ConnectionInfo`.

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

/// The protocol of a CA that looks for a proof (RFC 8737, section 6.2).
const ACME_TLS: &[u8] = b"acme-tls/1";
/// How much of what a failed client still sends is read, so that it sees the alert.
const REST: usize = 16 * 1024;
/// Bytes of a ClientHello with its records; the longest keys of today take 2 KiB of it.
const MOST_HELLO: usize = 16 * 1024;
/// Read of it at a time.
const PIECE: usize = 1024;

/// Performs the handshake that the site and the peer's network ask for; none is left over of the
/// look of a CA at a proof (RFC 8737, section 3).
///
/// # Errors
/// When the client does not complete it; the client is sent the alert.
pub(super) async fn accept(
    mut stream: TcpStream,
    mut connection: ConnectionInfo,
    proxy: &Arc<Proxy>,
) -> io::Result<Option<(Socket, ConnectionInfo)>> {
    let accepted = match hello(&mut stream).await {
        Ok(accepted) => accepted,
        Err(error) => {
            proxy.counters.handshakes_failed.add(1);
            return Err(error);
        }
    };
    let start = StartHandshake::from_parts(accepted, stream);
    let name = start
        .client_hello()
        .server_name()
        .map(|name| Host::Name(name.to_ascii_lowercase()));
    if let Some(config) = proof(proxy, &connection, &start.client_hello()) {
        return start.into_stream(config).await.map(|_| None);
    }
    let (config, asked) = choose(proxy, &connection, name.as_ref());
    match start.into_stream(config).into_fallible().await {
        Ok(stream) => {
            connection.tls = Some(known(&stream, name, asked));
            Ok(Some((Socket::Tls(Box::new(stream)), connection)))
        }
        Err((error, stream)) => {
            proxy.counters.handshakes_failed.add(1);
            let_alert_arrive(stream).await;
            Err(error)
        }
    }
}

/// Reads the ClientHello (RFC 8446, section 4.1.2).
///
/// # Errors
/// `InvalidData` for what is none, which is answered with an alert, and for more than
/// [`MOST_HELLO`].
async fn hello(stream: &mut TcpStream) -> io::Result<Accepted> {
    let mut acceptor = Acceptor::default();
    let (mut piece, mut left) = ([0; PIECE], MOST_HELLO);
    while left > 0 {
        let most = left.min(PIECE);
        let read = stream.read(&mut piece[..most]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        left -= read;
        let mut rest = &piece[..read];
        while !rest.is_empty() {
            acceptor.read_tls(&mut rest)?;
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

/// What a CA that looks for a proof is shown, when one is up for the name.
fn proof(
    proxy: &Proxy,
    connection: &ConnectionInfo,
    hello: &ClientHello<'_>,
) -> Option<Arc<ServerConfig>> {
    let mut protocols = hello.alpn()?;
    let (first, more) = (protocols.next(), protocols.next());
    if first != Some(ACME_TLS) || more.is_some() {
        return None;
    }
    proxy
        .challenges
        .tls_alpn_config(hello.server_name()?, connection.peer.ip())
}

/// The configuration for this name and peer, and whether it asks for a certificate.
fn choose(
    proxy: &Proxy,
    connection: &ConnectionInfo,
    name: Option<&Host>,
) -> (Arc<ServerConfig>, bool) {
    let sites = proxy.sites();
    match sites.of_handshake(name, connection.local.ip()) {
        Some(site) => {
            let asked = proxy.asks(&sites, site, connection.peer.ip());
            (site.tls.config(asked), asked)
        }
        None => (sites.placeholder(), false),
    }
}

fn known(stream: &TlsStream<TcpStream>, server_name: Option<Host>, asked: bool) -> Handshake {
    let session = stream.get_ref().1;
    let shown = session.peer_certificates().unwrap_or_default();
    let chain = ClientChain::received(shown);
    let of_tls: usize = shown.iter().map(|certificate| certificate.len()).sum();
    Handshake {
        server_name,
        asked,
        certificates: of_tls + chain.length(),
        chain: Arc::new(chain),
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
    }
}

/// Reads what was under way: closing with unread bytes resets, and the alert would be lost.
async fn let_alert_arrive(mut stream: TcpStream) {
    stream.shutdown().await.ok();
    let mut rest = [0; 1024];
    for _ in 0..REST / rest.len() {
        if !matches!(stream.read(&mut rest).await, Ok(1..)) {
            return;
        }
    }
}
