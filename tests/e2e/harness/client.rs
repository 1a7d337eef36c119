//! A client of hubgate: its address, server name (SNI) and certificate.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use rustls::{SupportedProtocolVersion, pki_types::CertificateDer};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::client::TlsStream;

use super::{Http, Leaf, RawConnection, WebSocket, tls::Tls, within};

/// A description of a client; each call opens a connection of its own.
#[derive(Clone)]
pub struct Client {
    to: SocketAddr,
    from: Option<IpAddr>,
    tls: Option<Tls>,
    announcement: Vec<u8>,
}

/// Any connection.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Client {
    /// Over TLS, asking for `home.test`.
    pub fn tls(to: SocketAddr, root: CertificateDer<'static>) -> Self {
        Self {
            to,
            from: None,
            tls: Some(Tls::new(root)),
            announcement: Vec::new(),
        }
    }

    /// Without TLS.
    pub fn clear(to: SocketAddr) -> Self {
        Self {
            to,
            from: None,
            tls: None,
            announcement: Vec::new(),
        }
    }

    /// Sends these bytes before anything else, as proxies do with a PROXY header.
    pub fn announcing(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.announcement = bytes.into();
        self
    }

    /// Calls from another address of the loopback.
    pub fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().unwrap());
        self
    }

    /// Calls another address of hubgate.
    pub fn to(mut self, address: SocketAddr) -> Self {
        self.to = address;
        self
    }

    /// Sets another server name (SNI); an address means none.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.tls_options().name);
        self
    }

    /// Accepts any server certificate.
    pub fn accepting_any_certificate(mut self) -> Self {
        self.tls_options().root = None;
        self
    }

    /// Presents this certificate on request.
    pub fn showing(mut self, leaf: Leaf) -> Self {
        self.tls_options().identity = Some(Arc::new(leaf));
        self
    }

    /// Resumes the sessions of earlier calls of this client and its clones.
    pub fn resuming(mut self) -> Self {
        self.tls_options().kept = Some(Arc::default());
        self
    }

    /// Speaks this version of TLS only.
    pub fn speaking(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.tls_options().versions = vec![version];
        self
    }

    /// Opens a connection for raw HTTP/1.1.
    pub async fn raw(&self) -> RawConnection {
        RawConnection::over(self.stream(&[]).await.unwrap())
    }

    /// Opens a connection for an HTTP/1.1 client.
    pub async fn http1(&self) -> Http {
        let stream = self.stream(&["http/1.1"]).await.unwrap();
        Http::one(stream, self.origin()).await
    }

    /// Opens a connection for an HTTP/2 client.
    pub async fn http2(&self) -> Http {
        let stream = self.stream(&["h2"]).await.unwrap();
        Http::two(stream, self.origin()).await
    }

    /// Opens a connection for an HTTP/2 client that hears interim responses and trailers.
    pub async fn h2(&self) -> h2::client::SendRequest<Bytes> {
        let stream = self.stream(&["h2"]).await.unwrap();
        let (sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        within("HTTP/2", sender.ready()).await.unwrap()
    }

    /// Opens a WebSocket with these request fields.
    ///
    /// # Errors
    /// The status of the answer that is no upgrade.
    pub async fn websocket(&self, target: &str, fields: &[(&str, &str)]) -> Result<WebSocket, u16> {
        let stream = self.stream(&["http/1.1"]).await.unwrap();
        WebSocket::open(stream, &self.host(), target, fields).await
    }

    /// Does the handshake and returns the certificate hubgate showed.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn certificate(&self) -> io::Result<Vec<u8>> {
        Ok(self.chain().await?.swap_remove(0))
    }

    /// Does the handshake, and returns the certificates hubgate showed.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn chain(&self) -> io::Result<Vec<Vec<u8>>> {
        let stream = self.secure(&[]).await?;
        let (_, connection) = stream.get_ref();
        let chain = connection.peer_certificates().expect("a certificate");
        Ok(chain.iter().map(|one| one.to_vec()).collect())
    }

    /// Does the handshake offering one protocol (ALPN), and returns the certificate hubgate
    /// showed if it chose that protocol.
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn certificate_for(&self, protocol: &str) -> io::Result<Option<Vec<u8>>> {
        let stream = self.secure(&[protocol]).await?;
        let (_, connection) = stream.get_ref();
        let chosen = connection.alpn_protocol() == Some(protocol.as_bytes());
        let shown = connection.peer_certificates();
        let shown = shown.and_then(|chain| chain.first()).filter(|_| chosen);
        Ok(shown.map(|certificate| certificate.to_vec()))
    }

    /// Opens a connection that offers these protocols (ALPN).
    ///
    /// # Errors
    /// The error of the connection.
    pub async fn stream(&self, alpn: &[&str]) -> io::Result<Box<dyn Stream>> {
        if self.tls.is_none() {
            return Ok(Box::new(self.tcp().await?));
        }
        Ok(Box::new(self.secure(alpn).await?))
    }

    pub(super) async fn secure(&self, alpn: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let tls = self.tls.as_ref().expect("a client over TLS");
        tls.handshake(self.tcp().await?, alpn).await
    }

    async fn tcp(&self) -> io::Result<TcpStream> {
        let socket = match self.to {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        if let Some(from) = self.from {
            socket.bind((from, 0).into())?;
            // After bind, as for kept ports: one of them may have this number, for all addresses.
            socket.set_reuseaddr(true)?;
        }
        let mut stream = within("hubgate accepts", socket.connect(self.to)).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&self.announcement).await?;
        Ok(stream)
    }

    /// The host with the port, as browsers send it.
    pub fn host(&self) -> String {
        let name = self.tls.as_ref().map_or("home.test", |tls| &tls.name);
        format!("{name}:{}", self.to.port())
    }

    fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    pub(super) fn tls_options(&mut self) -> &mut Tls {
        self.tls.as_mut().expect("a client over TLS")
    }
}
