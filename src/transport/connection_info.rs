//! The properties of a client's connection.
//!
//! `connection` sets the public ones before the first request; requests read them and record what
//! happens on the connection.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::{
    memory_budget::{Account, MemoryBudget},
    signal::Signal,
};
use crate::{
    access::{network::Peer, session::Chain},
    authority::LastAuthority,
    config::model::{ClientCertificate, Host},
    events::request::LastVisitor,
    telemetry::counter::Gauge,
    tls::ClientChain,
    transport::grant::Grants,
};

/// One connection of a client.
#[derive(Debug)]
pub struct ConnectionInfo {
    /// The TCP peer, or the source in a trusted proxy's PROXY header; never IPv4-mapped.
    pub peer: SocketAddr,
    /// The peer's address as text.
    pub peer_text: String,
    /// Set when a container's network replaces the addresses of clients by the peer's.
    pub is_masqueraded: bool,
    /// The trusted proxy that names the peer in its PROXY header.
    pub proxy: Option<IpAddr>,
    /// The address to which the client connected.
    pub local: SocketAddr,
    /// The TLS handshake; none on a connection in the clear.
    pub tls: Option<Handshake>,
    /// The authority of its last request.
    pub authority: LastAuthority,
    /// Set when the listener is one for TLS, even if the connection is in the clear.
    pub tls_port: bool,
    /// Ends an HTTP/2 connection once its streams have ended.
    pub leave: Signal,
    /// Cuts the connection at once.
    pub cut: Signal,
    /// Set when the client opens no flow-control window for a response (RFC 9113, section 5.2).
    stalled: AtomicBool,
    /// The account of the memory that the connection occupies.
    pub memory: Arc<Account>,
    /// Requests that have not ended.
    pub requests: Gauge,
    /// The time at which the connection was accepted.
    pub accepted_at: Instant,
    /// The last visitor of the connection, which the history has.
    pub last_visitor: LastVisitor,
    /// Grants of admitted requests that have not ended.
    pub grants: Arc<Grants>,
    accepted_certificates: Mutex<Vec<AcceptedCertificate>>,
    streaming: AtomicBool,
}

/// A certificate that an access rule accepted on a connection.
#[derive(Clone, Debug)]
pub struct AcceptedCertificate {
    /// The rule that accepted it.
    pub rule: ClientCertificate,
    /// The chain of a session's certificate; none for the connection's own.
    pub session: Option<Arc<Chain>>,
}

/// The properties of a TLS handshake.
#[derive(Debug)]
pub struct Handshake {
    /// The server name that the client sent (RFC 6066, section 3), in lower case.
    pub server_name: Option<Host>,
    /// Set when the handshake requested a client certificate.
    pub requested_certificate: bool,
    /// The client's certificate chain; empty if the client sent none.
    pub chain: Arc<ClientChain>,
    /// Bytes of the client's certificates, in the TLS session and in `chain`.
    pub certificates: usize,
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
}

impl ConnectionInfo {
    /// The properties of a connection that was just accepted.
    #[must_use]
    pub fn new(peer: SocketAddr, local: SocketAddr, tls_port: bool) -> Self {
        let (peer, cut) = (canonical(peer), Signal::default());
        Self {
            peer,
            peer_text: peer.ip().to_string(),
            is_masqueraded: false,
            proxy: None,
            local: canonical(local),
            tls: None,
            authority: LastAuthority::default(),
            tls_port,
            leave: Signal::default(),
            stalled: AtomicBool::new(false),
            memory: Account::unlimited(peer.ip(), cut.clone()),
            cut,
            requests: Gauge::default(),
            accepted_at: Instant::now(),
            last_visitor: LastVisitor::default(),
            grants: Arc::default(),
            accepted_certificates: Mutex::default(),
            streaming: AtomicBool::new(false),
        }
    }

    /// Replaces the peer by the source that a trusted proxy names, if it names one.
    pub fn set_source(&mut self, source: Option<SocketAddr>) {
        if let Some(source) = source {
            self.proxy = Some(self.peer.ip());
            self.peer = canonical(source);
            self.is_masqueraded = false;
            self.peer_text = self.peer.ip().to_string();
        }
    }

    /// The peer, for rules about networks.
    #[must_use]
    pub fn network_peer(&self) -> Peer {
        Peer {
            address: self.peer.ip(),
            is_masqueraded: self.is_masqueraded,
        }
    }

    /// Charges the connection's memory to a budget.
    pub fn charge_to(&mut self, budget: &Arc<MemoryBudget>) {
        self.memory = budget.open(self.peer.ip(), self.cut.clone());
    }

    /// Marks the client as stalled; an HTTP/2 connection ends once its streams have ended.
    pub fn stall(&self) {
        self.stalled.store(true, Ordering::Relaxed);
        self.leave.raise();
    }

    /// Reports whether the client has stalled a response.
    #[must_use]
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// Records that a rule accepts the certificate of a session, otherwise of the connection.
    pub fn accept_certificate(&self, rule: &ClientCertificate, session: Option<&Arc<Chain>>) {
        let mut all = self
            .accepted_certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_same = |accepted: &AcceptedCertificate| {
            accepted.session.as_ref() == session && accepted.rule == *rule
        };
        if !all.iter().any(is_same) {
            all.push(AcceptedCertificate {
                rule: rule.clone(),
                session: session.cloned(),
            });
        }
    }

    /// The certificates that rules have accepted.
    #[must_use]
    pub fn accepted_certificates(&self) -> Vec<AcceptedCertificate> {
        let all = self
            .accepted_certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Records that a response without an end has begun.
    pub fn mark_streaming(&self) {
        self.streaming.store(true, Ordering::Relaxed);
    }

    /// Reports whether a response without an end has begun.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.streaming.load(Ordering::Relaxed)
    }

    /// The client's certificate chain, empty if it sent none; none on a connection in the clear.
    #[must_use]
    pub fn chain(&self) -> Option<&Arc<ClientChain>> {
        self.tls.as_ref().map(|tls| &tls.chain)
    }

    /// Reports whether the handshake requested a client certificate.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.tls
            .as_ref()
            .is_some_and(|tls| tls.requested_certificate)
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
