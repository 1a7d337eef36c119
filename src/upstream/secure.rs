//! Connections to hubs over TLS, made here in the place of the engine's: it knows neither pins
//! nor tells why a certificate is refused.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_trait::async_trait;
use pingora_core::{
    Error, ErrorType, Result,
    connectors::L4Connect,
    protocols::l4::{
        socket::SocketAddr,
        stream::Stream,
        virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream},
    },
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::CONNECT;
use crate::{
    config::model,
    tls::{ServerTrust, SystemRoots, handshake_fault},
};

/// How to connect to the servers of an upstream over TLS.
pub(super) struct HubTls {
    /// The configuration, which verifies by that trust.
    config: Arc<ClientConfig>,
    /// Tells one trust from another.
    trust: u64,
}

impl HubTls {
    /// Trusts as the upstream is configured.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(super) fn load(config: &model::Upstream, roots: &SystemRoots) -> anyhow::Result<Self> {
        let trust = ServerTrust::load(config, roots)?;
        Ok(Self {
            trust: trust.id(),
            config: Arc::new(trust.client_config()?),
        })
    }
}

/// Connects to one server over TLS.
#[derive(Debug)]
pub(super) struct SecureConnector {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    /// Sets its pooled connections apart from plain ones and those made with other trust.
    group: u64,
}

impl SecureConnector {
    /// Connects with this configuration to a server that has to be of this name.
    pub(super) fn new(tls: &HubTls, name: ServerName<'static>) -> Self {
        let mut hasher = DefaultHasher::new();
        (tls.trust, &name).hash(&mut hasher);
        Self {
            config: tls.config.clone(),
            name,
            group: hasher.finish(),
        }
    }

    /// The group of its connections in the engine's pool.
    pub(super) fn group(&self) -> u64 {
        self.group
    }

    async fn handshake(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>> {
        let connector = TlsConnector::from(self.config.clone());
        let shaken = timeout(CONNECT, connector.connect(self.name.clone(), stream)).await;
        let failed = |kind, why: String| Err(Error::explain(kind, why).into_up());
        match shaken {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => failed(ErrorType::TLSHandshakeFailure, handshake_fault(&error)),
            Err(_) => failed(
                ErrorType::TLSHandshakeTimedout,
                "it does not end the TLS handshake in time".to_owned(),
            ),
        }
    }
}

#[async_trait]
impl L4Connect for SecureConnector {
    async fn connect(&self, address: &SocketAddr) -> Result<Stream> {
        let Some(address) = address.as_inet() else {
            return Error::e_explain(ErrorType::InternalError, "TLS over a Unix socket");
        };
        let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(connected) => connected.map_err(unreachable)?,
            Err(_) => {
                return Err(Error::explain(ErrorType::ConnectTimedout, "no answer").into_up());
            }
        };
        let stream = Secure(self.handshake(stream).await?);
        Ok(VirtualSocketStream::new(Box::new(stream)).into())
    }
}

fn unreachable(error: io::Error) -> Box<Error> {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorType::ConnectRefused,
        io::ErrorKind::TimedOut => ErrorType::ConnectTimedout,
        _ => ErrorType::ConnectNoRoute,
    };
    Error::because(kind, "connecting", error).into_up()
}

/// A TLS stream as the engine takes it.
#[derive(Debug)]
struct Secure(TlsStream<TcpStream>);

impl VirtualSocket for Secure {
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.0.get_ref().0.set_nodelay(true),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Secure {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Secure {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
