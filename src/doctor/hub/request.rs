//! One request to a server: connection, TLS handshake, and the status of the response.

use std::{
    fmt::Display,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    sync::Arc,
};

use anyhow::{Context, bail};
use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use super::{TIMEOUT, UpstreamServer};
use crate::{
    config::model::Server,
    tls::{RefusedCertificate, ServerTrust, SystemRoots, handshake_fault},
};

/// The protocol ID of HTTP/2 in ALPN (RFC 9113, section 3.1).
const HTTP2: &[u8] = b"h2";
/// The preface of an HTTP/2 client and an empty SETTINGS frame (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// The type of a SETTINGS frame (RFC 9113, section 6.5).
const SETTINGS: u8 = 4;

/// A failed TLS handshake.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(super) struct HandshakeFault {
    cause: String,
    /// The value of `pin` that trusts the refused certificate, where that is the cause.
    pub(super) pin: Option<String>,
}

impl UpstreamServer {
    /// Requests `/`, or the path of the health checks, and returns the status of the response.
    pub(super) fn status(&self) -> anyhow::Result<String> {
        match &self.server {
            Server::Unix(socket) => {
                let stream = UnixStream::connect(socket).context("no process listens there")?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                self.request(stream, &"localhost")
            }
            Server::Tcp { host, port, tls } => {
                let stream = connect(host, *port)?;
                match tls {
                    true => self.request(self.handshake(stream, host)?, &host),
                    false => self.request(stream, &host),
                }
            }
        }
    }

    /// Performs the TLS handshake with the trust of the upstream.
    pub(super) fn handshake(
        &self,
        mut stream: TcpStream,
        host: &str,
    ) -> anyhow::Result<StreamOwned<ClientConnection, TcpStream>> {
        let trust = ServerTrust::load(&self.upstream, &SystemRoots::deferred())?;
        let name = ServerName::try_from(host.to_owned())?;
        let mut config = trust.client_config()?;
        if self.upstream.http2 {
            config.alpn_protocols = vec![HTTP2.to_vec()];
        }
        let mut connection = ClientConnection::new(Arc::new(config), name)?;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream)
                .map_err(HandshakeFault::from_io)?;
        }
        if self.upstream.http2 && connection.alpn_protocol() != Some(HTTP2) {
            bail!("it does not agree to HTTP/2 over TLS (ALPN)");
        }
        Ok(StreamOwned::new(connection, stream))
    }

    fn request(&self, mut stream: impl Read + Write, host: &dyn Display) -> anyhow::Result<String> {
        if self.upstream.http2 {
            return exchange_settings(stream);
        }
        let health = self.upstream.health.as_ref();
        let path = health.map_or("/", |health| &health.path);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .context("it accepts no request")?;
        let mut head = [0; "HTTP/1.1 200".len()];
        stream.read_exact(&mut head).map_err(no_response)?;
        let text = String::from_utf8_lossy(&head);
        let status = text
            .strip_prefix("HTTP/1.")
            .and_then(|version| version.get(2..));
        status.map(str::to_owned).context("it does not speak HTTP")
    }
}

impl HandshakeFault {
    fn from_io(fault: io::Error) -> anyhow::Error {
        if fault.kind() == io::ErrorKind::WouldBlock {
            return no_response(fault);
        }
        let error = fault.get_ref();
        let error = error.and_then(|error| error.downcast_ref::<rustls::Error>());
        let refused = error.and_then(RefusedCertificate::from_error);
        anyhow::Error::from(Self {
            cause: handshake_fault(&fault),
            pin: refused.map(RefusedCertificate::pin),
        })
    }
}

pub(super) fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let addresses = (host, port).to_socket_addrs();
    let addresses = addresses.with_context(|| format!("{host} does not resolve"))?;
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(fault) => refused = fault,
        }
    }
    Err(refused).context("it accepts no connection")
}

/// Begins HTTP/2 (RFC 9113, section 3.4): the first frame of a server is SETTINGS.
fn exchange_settings(mut stream: impl Read + Write) -> anyhow::Result<String> {
    stream
        .write_all(PREFACE)
        .context("it accepts no HTTP/2 connection")?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).map_err(no_response)?;
    match head {
        [0, _, _, SETTINGS, 0, 0, 0, 0, 0] => Ok("HTTP/2".to_owned()),
        _ => bail!("it does not speak HTTP/2: turn it on there, or remove `http2`"),
    }
}

/// Reports a missing response; the kernel's message for a time-out is replaced by a clear one.
fn no_response(fault: io::Error) -> anyhow::Error {
    let fault = match fault.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => fault,
    };
    anyhow::Error::from(fault).context("it does not respond")
}
