//! What is known of a connection before its first request.
//!
//! Written once by `connection` after the handshake and read by every request of
//! the connection.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use super::{
    memory_budget::{Account, MemoryBudget},
    signal::Signal,
};
use crate::{
    access::session::Chain,
    config::model::{ClientCertificate, Host},
    telemetry::counter::Gauge,
    tls::ClientChain,
    transport::grant::Grants,
};

/// One connection of a client.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// The TCP peer, or the source that a trusted proxy's PROXY header names; IPv4-mapped unwrapped.
    pub peer: SocketAddr,
    /// Its address in words.
    pub peer_text: String,
    /// The trusted proxy whose PROXY header names the peer.
    pub proxy: Option<IpAddr>,
    /// The address the client connected to.
    pub local: SocketAddr,
    /// What the handshake told; none on a connection in the clear.
    pub tls: Option<Handshake>,
    /// Whether the listener is the one for TLS: a clear connection there came to the wrong port.
    pub tls_port: bool,
    /// Ends an HTTP/2 connection once its requests have ended.
    pub leave: CancellationToken,
    /// Cuts the connection at once, whatever flows on it.
    pub cut: Signal,
    /// Set when the client gives no window for what it asked for (RFC 9113, section 5.2).
    stalled: AtomicBool,
    /// The memory that the connection occupies.
    pub memory: Arc<Account>,
    /// The requests that have not ended.
    pub requests: Gauge,
    /// When the connection was accepted.
    pub since: Instant,
    /// The admitted requests that have not ended.
    pub grants: Arc<Grants>,
    trusted: Mutex<Vec<AcceptedCertificate>>,
    streaming: AtomicBool,
}

/// A certificate that something was let in by on a connection.
#[derive(Clone, Debug)]
pub struct AcceptedCertificate {
    /// The CA's rule that it was good for.
    pub rule: ClientCertificate,
    /// Its chain, when it is that of a session; otherwise the connection showed it.
    pub session: Option<Arc<Chain>>,
}

/// What the TLS handshake told.
#[derive(Debug)]
pub struct Handshake {
    /// The name the client asked for (RFC 6066, section 3), in lower case.
    pub server_name: Option<Host>,
    /// Whether the client was asked for a certificate.
    pub asked: bool,
    /// The chain the client showed; empty when none.
    pub chain: Arc<ClientChain>,
    /// Bytes of the certificates that the client showed, which TLS keeps, and the chain beside it.
    pub certificates: usize,
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
}

impl ConnectionInfo {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(peer: SocketAddr, local: SocketAddr, tls_port: bool) -> Self {
        let (peer, cut) = (canonical(peer), Signal::default());
        Self {
            peer,
            peer_text: peer.ip().to_string(),
            proxy: None,
            local: canonical(local),
            tls: None,
            tls_port,
            leave: CancellationToken::new(),
            stalled: AtomicBool::new(false),
            memory: Account::unlimited(peer.ip(), cut.clone()),
            cut,
            requests: Gauge::default(),
            since: Instant::now(),
            grants: Arc::default(),
            trusted: Mutex::default(),
            streaming: AtomicBool::new(false),
        }
    }

    /// Takes the source that a trusted proxy names for the peer; without one the peer stays.
    pub fn set_source(&mut self, source: Option<SocketAddr>) {
        if let Some(source) = source {
            self.proxy = Some(self.peer.ip());
            self.peer = canonical(source);
            self.peer_text = self.peer.ip().to_string();
        }
    }

    /// Charges the connection's memory to a budget from now on.
    pub fn charge_to(&mut self, budget: &Arc<MemoryBudget>) {
        self.memory = budget.open(self.peer.ip(), self.cut.clone());
    }

    /// Ends an HTTP/2 connection as soon as its other requests have ended: the client takes nothing.
    pub fn stall(&self) {
        self.stalled.store(true, Ordering::Relaxed);
        self.leave.cancel();
    }

    /// Whether the client took nothing of an answer.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Notes that a certificate is good for a CA's rule, which lets something in; the certificate
    /// of a session, or else the one that the connection showed.
    pub fn trust(&self, rule: &ClientCertificate, session: Option<&Arc<Chain>>) {
        let mut all = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |it: &AcceptedCertificate| it.session.as_ref() == session && it.rule == *rule;
        if !all.iter().any(is_same) {
            all.push(AcceptedCertificate {
                rule: rule.clone(),
                session: session.cloned(),
            });
        }
    }

    /// The certificates that were good, and for what.
    #[must_use]
    pub fn trusted(&self) -> Vec<AcceptedCertificate> {
        let all = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Notes that an answer under way has no end of its own.
    pub fn mark_streaming(&self) {
        self.streaming.store(true, Ordering::Relaxed);
    }

    /// Whether an answer without an end was begun on it.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.streaming.load(Ordering::Relaxed)
    }

    /// The chain the client showed, empty if it showed none; none on a connection in the clear.
    #[must_use]
    pub fn chain(&self) -> Option<&Arc<ClientChain>> {
        self.tls.as_ref().map(|tls| &tls.chain)
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
