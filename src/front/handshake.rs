//! The TLS handshake: ClientHello, site, configuration, `Link`.

use std::{io, sync::Arc};

use rustls::{
    ProtocolVersion, ServerConfig,
    server::{Acceptor, ClientHello},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::{
    proxy::{
        Proxy,
        link::{Handshake, Link},
        transport::Transport,
    },
    tls::ClientChain,
};

/// The protocol of a CA that looks for a proof (RFC 8737, section 6.2).
const ACME_TLS: &[u8] = b"acme-tls/1";
/// How much of what a failed client still sends is read, so that it sees the alert.
const REST: usize = 16 * 1024;

/// Performs the handshake that the site and the peer's network ask for; none is left over of the
/// look of a CA at a proof (RFC 8737, section 3).
///
/// # Errors
/// When the client does not complete it; the client is sent the alert.
pub(super) async fn accept(
    stream: TcpStream,
    mut link: Link,
    proxy: &Arc<Proxy>,
) -> io::Result<Option<(Transport, Link)>> {
    let acceptor = LazyConfigAcceptor::new(Acceptor::default(), stream);
    let start = match acceptor.await {
        Ok(start) => start,
        Err(error) => {
            proxy.counters.handshakes_failed.add(1);
            return Err(error);
        }
    };
    let name = start
        .client_hello()
        .server_name()
        .map(str::to_ascii_lowercase);
    if let Some(config) = proof(proxy, &link, &start.client_hello()) {
        return start.into_stream(config).await.map(|_| None);
    }
    let (config, asked) = choose(proxy, &link, name.as_deref());
    match start.into_stream(config).into_fallible().await {
        Ok(stream) => {
            link.tls = Some(known(&stream, name, asked));
            Ok(Some((Transport::Tls(Box::new(stream)), link)))
        }
        Err((error, stream)) => {
            proxy.counters.handshakes_failed.add(1);
            let_alert_arrive(stream).await;
            Err(error)
        }
    }
}

/// What a CA that looks for a proof is shown, when one is up for the name.
fn proof(proxy: &Proxy, link: &Link, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
    let mut protocols = hello.alpn()?;
    let (first, more) = (protocols.next(), protocols.next());
    if first != Some(ACME_TLS) || more.is_some() {
        return None;
    }
    proxy
        .challenges
        .tls_alpn_config(hello.server_name()?, link.peer.ip())
}

/// The configuration for this name and peer, and whether it asks for a certificate.
fn choose(proxy: &Proxy, link: &Link, name: Option<&str>) -> (Arc<ServerConfig>, bool) {
    let sites = proxy.sites();
    match sites.of_handshake(name, link.local.ip()) {
        Some(site) => {
            let asked = proxy.asks(&sites, site, link.peer.ip());
            (site.tls.config(asked), asked)
        }
        None => (sites.placeholder(), false),
    }
}

fn known(stream: &TlsStream<TcpStream>, server_name: Option<String>, asked: bool) -> Handshake {
    let session = stream.get_ref().1;
    let chain = session.peer_certificates().unwrap_or_default();
    Handshake {
        server_name,
        asked,
        chain: Arc::new(ClientChain::received(chain)),
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
