//! TLS with a configuration of hubgate's own, for the peers whose domain names one.
//!
//! The engine makes its configurations itself, of CAs only, and drops the cause of a failed
//! handshake. A domain is made here for each server, and never resolved nor sent: the engine gets
//! it as a peer's SNI, keeps the peer's connections by it, and hands it to [`TlsConnector`].
//! Without an entry it fails as any name in no certificate does.

use std::{
    collections::HashMap,
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};

/// A server that is connected to with a configuration of its own, as long as this lives.
#[derive(Debug)]
pub struct TrustedServer {
    domain: String,
    entry: Arc<Entry>,
}

#[derive(Debug)]
struct Entry {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    describe: fn(&io::Error) -> String,
    fault: Mutex<Option<String>>,
}

/// The number of the next domain: no two servers have the same, so that connections made with
/// other trust are kept apart.
static NEXT: AtomicU64 = AtomicU64::new(0);
/// By domain.
static ENTRIES: LazyLock<Mutex<HashMap<String, Arc<Entry>>>> = LazyLock::new(Mutex::default);

impl TrustedServer {
    /// Connects with this configuration to a server that has to be of this name.
    ///
    /// `describe` puts the cause of a failed handshake into words.
    #[must_use]
    pub fn new(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        describe: fn(&io::Error) -> String,
    ) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // No name of the DNS ends so (RFC 6761, section 6.4).
        let domain = format!("{number}.hub.invalid");
        let entry = Arc::new(Entry {
            config,
            name,
            describe,
            fault: Mutex::default(),
        });
        entries().insert(domain.clone(), entry.clone());
        Self { domain, entry }
    }

    /// The SNI of its peers.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The cause of the last handshake that failed, once.
    #[must_use]
    pub fn take_fault(&self) -> Option<String> {
        self.entry.fault().take()
    }
}

impl Drop for TrustedServer {
    fn drop(&mut self) {
        entries().remove(&self.domain);
    }
}

impl Entry {
    fn fault(&self) -> MutexGuard<'_, Option<String>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entries() -> MutexGuard<'static, HashMap<String, Arc<Entry>>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The engine's connector.
#[derive(Clone)]
pub struct TlsConnector(tokio_rustls::TlsConnector);

impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config.into())
    }
}

impl TlsConnector {
    /// Does the handshake, with the configuration that the domain names or else with this.
    pub fn connect<S>(&self, domain: ServerName<'static>, stream: S) -> Connect<S>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let entry = entries().get(&*domain.to_str()).cloned();
        let connect = match &entry {
            Some(entry) => {
                let own = tokio_rustls::TlsConnector::from(entry.config.clone());
                own.connect(entry.name.clone(), stream)
            }
            None => self.0.connect(domain, stream),
        };
        Connect { connect, entry }
    }
}

/// A handshake under way.
pub struct Connect<S> {
    connect: tokio_rustls::Connect<S>,
    entry: Option<Arc<Entry>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Connect<S> {
    type Output = io::Result<tokio_rustls::client::TlsStream<S>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let connected = ready!(Pin::new(&mut self.connect).poll(context));
        if let (Err(error), Some(entry)) = (&connected, &self.entry) {
            *entry.fault() = Some((entry.describe)(error));
        }
        Poll::Ready(connected)
    }
}
