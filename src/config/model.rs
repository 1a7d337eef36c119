//! The configuration after defaults, references and checks.
//!
//! `resolve` builds it from the types of `file`, completely or not at all. The rest of the
//! program reads these types and never the file.

mod access;
mod acme;
mod header_edit;
mod host;
mod named;
mod pin;
mod site;
mod upstream;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

pub use self::{
    access::{Access, ClientCaSource, ClientCertificate, ClientHeaders, Networks, Satisfy},
    acme::{Acme, Ca, ChallengeKind, Dns, DnsProvider, Eab, Export},
    header_edit::{EditedValue, HeaderEdit},
    host::{Host, Origin},
    named::NamedFiles,
    pin::Pin,
    site::{Certificate, Destination, Hsts, PathAccess, PathRule, Serve, Site},
    upstream::{HealthCheck, HubKind, Server, Upstream},
};

/// The configuration of `proxy.yaml`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses to listen on.
    pub listen: Listen,
    /// Folder for the keys and certificates that hubgate makes or requests.
    pub state: PathBuf,
    /// CA and challenges of the certificates that are requested.
    pub acme: Arc<Acme>,
    /// Sites in the order of the file; a host belongs to one of them.
    pub sites: Vec<Arc<Site>>,
    /// Peers that are trusted for `X-Forwarded-For` and the PROXY header.
    pub trusted_proxies: Networks,
    /// Sizes, counts and times at which a request is refused or a connection closed.
    pub limits: Limits,
    /// Format of the access log and lowest severity of the journal.
    pub log: Log,
    /// The history of entries and refusals.
    pub history: History,
    /// Risks and unused settings in a valid file, each with its place.
    pub warnings: Vec<String>,
    /// Places of the file that name other files.
    pub named: NamedFiles,
}

/// Addresses to listen on; `[::]` accepts IPv4 too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// Plain HTTP: redirects to https, or serves the sites if `https` is empty.
    pub http: Vec<SocketAddr>,
    /// HTTP over TLS.
    pub https: Vec<SocketAddr>,
}

/// Sizes, counts and times at which a request is refused or a connection closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum bytes of a request's body; `None` for no limit.
    pub body: Option<u64>,
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum number of open connections from one address; an IPv6 /64 counts as one address.
    pub connections_per_address: usize,
    /// Time within which the ClientHello, the handshake and each request head must be complete.
    pub header_time: Duration,
    /// Time that a connection may be idle between requests.
    pub idle: Duration,
    /// Maximum bytes of request heads and buffers of all connections.
    pub memory: usize,
    /// Time that a response or WebSocket may last without a byte in either direction.
    pub stream_idle: Duration,
}

/// The history of entries and refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Time after which addresses are forgotten; `None` if they are not stored.
    pub addresses: Option<Duration>,
}

/// The access log and the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Format of the access log.
    pub access: AccessLog,
    /// Lowest severity that is logged.
    pub level: tracing::Level,
}

/// A format of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// The `combined` format of NGINX and Apache.
    Combined,
    /// The host and a space, then `combined`.
    VhostCombined,
    /// One JSON object for each line.
    Json,
    /// No access log.
    Off,
}

impl Config {
    /// True if an access rule accepts the certificates of hubgate's own CA.
    #[must_use]
    pub fn uses_own_ca(&self) -> bool {
        self.sites.iter().any(|site| site.uses_own_ca())
    }

    /// True if the address is in a network of an access rule.
    #[must_use]
    pub fn is_at_home(&self, address: IpAddr) -> bool {
        let rules = self.sites.iter().flat_map(|site| site.rules());
        let mut named = rules.filter_map(|rule| rule.networks.as_ref());
        named.any(|networks| networks.contains(address))
    }
}
