//! TLS to peers with a configuration of hubgate, found by an artificial domain.
//!
//! Pingora builds its own configurations from CAs only, and drops the cause of a failed handshake.
//! Here each server gets a domain that is neither resolved nor sent: Pingora has it as the peer's
//! SNI, pools connections by it and passes it to [`TlsConnector`], which replaces it by the
//! configuration and the real name. The handshake of a domain without an entry fails.

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

/// The entry of a server, removed when this is dropped.
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

/// The number of the next domain. Domains are distinct, so that connections of different trust are
/// never shared.
static NEXT: AtomicU64 = AtomicU64::new(0);
/// The entries by domain.
static ENTRIES: LazyLock<Mutex<HashMap<String, Arc<Entry>>>> = LazyLock::new(Mutex::default);

impl TrustedServer {
    /// Adds the entry of a server: its configuration and the name that its certificate must have.
    ///
    /// `describe` returns the cause of a failed handshake as text.
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

    /// Returns the SNI of the server's peers.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the cause of the last failed handshake, once.
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

/// The connector that Pingora uses.
#[derive(Clone)]
pub struct TlsConnector(tokio_rustls::TlsConnector);

impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self(config.into())
    }
}

impl TlsConnector {
    /// Begins the handshake with the configuration of the domain, otherwise with Pingora's own.
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

/// A handshake in progress.
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
