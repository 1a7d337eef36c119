//! What is known of a connection before its first request.
//!
//! Written once by `front` after the handshake and read by every request of
//! the connection.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use rustls::pki_types::CertificateDer;
use tokio_util::sync::CancellationToken;

/// One connection of a client.
#[derive(Debug)]
pub struct Link {
    /// The TCP peer, or the source that a trusted proxy's PROXY header names; IPv4-mapped unwrapped.
    pub peer: SocketAddr,
    /// The address the client connected to.
    pub local: SocketAddr,
    /// What the handshake told; none on a connection in the clear.
    pub tls: Option<Handshake>,
    /// Whether the listener is the one for TLS: a clear connection there came to the wrong port.
    pub tls_port: bool,
    /// Cuts the connection at once, whatever flows on it.
    pub cut: CancellationToken,
    /// Lets what was begun end, and the connection with it; for HTTP/2, which cannot say it in an answer.
    pub ending: CancellationToken,
    /// When the connection was accepted.
    pub since: Instant,
    let_in_by_certificate: AtomicBool,
}

/// What the TLS handshake told.
#[derive(Debug)]
pub struct Handshake {
    /// The name the client asked for (RFC 6066, section 3), in lower case.
    pub server_name: Option<String>,
    /// Whether the client was asked for a certificate.
    pub asked: bool,
    /// The chain the client showed; empty when none. Possession of the leaf's key is proven.
    pub chain: Vec<CertificateDer<'static>>,
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
}

impl Link {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(peer: SocketAddr, local: SocketAddr, tls_port: bool) -> Self {
        Self {
            peer: canonical(peer),
            local: canonical(local),
            tls: None,
            tls_port,
            cut: CancellationToken::new(),
            ending: CancellationToken::new(),
            since: Instant::now(),
            let_in_by_certificate: AtomicBool::new(false),
        }
    }

    /// Takes the source that a trusted proxy names for the peer; without one the peer stays.
    pub fn come_from(&mut self, source: Option<SocketAddr>) {
        if let Some(source) = source {
            self.peer = canonical(source);
        }
    }

    /// Notes that a request passed because of the certificate.
    pub fn let_in_by_certificate(&self) {
        self.let_in_by_certificate.store(true, Ordering::Relaxed);
    }

    /// Whether a request passed because of the certificate.
    #[must_use]
    pub fn was_let_in_by_certificate(&self) -> bool {
        self.let_in_by_certificate.load(Ordering::Relaxed)
    }

    /// The chain the client showed; empty when none.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        self.tls.as_ref().map_or(&[], |tls| &tls.chain)
    }

    /// Whether the client was asked for a certificate.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.asked)
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
