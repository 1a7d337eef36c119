//! The configuration after defaults, references and checks.
//!
//! `resolve` builds it from the types of `file`, completely or not at all. The rest of the
//! program reads these types and never the file.

mod acme;
mod header_edit;
mod named;
mod pin;

use std::{fmt, net::IpAddr, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use ipnet::IpNet;

pub use self::{
    acme::{Acme, Authority, ChallengeKind, Dns, DnsProvider, Eab, Export},
    header_edit::{EditedValue, HeaderEdit},
    named::NamedFiles,
    pin::Pin,
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

/// A site: its hosts, certificate, access rule and destination.
#[derive(Clone, Debug)]
pub struct Site {
    /// Names and addresses of the site; never empty.
    pub hosts: Vec<Host>,
    /// Source of the certificate.
    pub certificate: Certificate,
    /// Upstream or redirect.
    pub destination: Destination,
    /// Request header in which the hub receives the name of the user or device, spelled as in
    /// `proxy.yaml`.
    pub user_header: Option<String>,
    /// Access rule.
    pub access: Access,
    /// Other origins with the rights of the site's own pages.
    pub origins: Vec<Origin>,
    /// Lifetime of a login's session; `None` turns sessions off.
    pub session: Option<Duration>,
    /// Rules of paths in the order of the file; the longest match applies.
    pub paths: Vec<PathRule>,
    /// Strict-Transport-Security (RFC 6797).
    pub hsts: Hsts,
    /// Headers added to every response of the hub.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The destination of a site's requests.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Requests are forwarded to a hub.
    Upstream(Arc<Upstream>),
    /// Requests are redirected to the same path and query at this origin (RFC 9110, section 15.4).
    Redirect(Origin),
}

/// A host of a site, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `home.example.org`
    Name(String),
    /// `*.example.org`, stored as `example.org`; matches exactly one more label.
    Wildcard(String),
    /// `192.168.1.5` or `fd00::5`, without brackets.
    Address(IpAddr),
}

/// An origin of web pages as browsers send it in `Origin` (RFC 6454, section 6.2), or `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The source of a site's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// Made by hubgate with the site's hosts as SANs, and stored in `state`.
    SelfSigned,
    /// Issued by a CA, renewed, and stored in `state`.
    Acme,
    /// PEM files, reloaded when they change.
    Files {
        /// Certificate chain, the leaf first.
        chain: PathBuf,
        /// Private key in PKCS#8, PKCS#1 or SEC1.
        key: PathBuf,
    },
}

/// The interchangeable servers behind a site or path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Servers, used in turn; never empty.
    pub servers: Vec<Server>,
    /// PEM file of the CA that signed the servers' certificates; `None` for the system's roots.
    pub ca: Option<PathBuf>,
    /// Maximum number of connections to each server.
    pub connections: Option<usize>,
    /// Sends requests over HTTP/2.
    pub http2: bool,
    /// The only certificate that is accepted from the servers, instead of a CA's.
    pub pin: Option<Pin>,
    /// Value of `Host` that the servers receive; `None` for the client's.
    pub host: Option<HeaderValue>,
    /// Request headers that are set or removed; each name occurs once.
    pub headers: Vec<HeaderEdit>,
    /// Kind of the hub; `None` has openHAB detected.
    pub kind: Option<HubKind>,
}

/// A kind of hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HubKind {
    /// openHAB.
    OpenHab,
    /// Any other program.
    Other,
}

/// One server of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// `http://host:port` or `https://host:port`.
    Tcp {
        /// Name, resolved for each connection, or address without brackets.
        host: String,
        /// Port.
        port: u16,
        /// Connects over TLS, with a certificate verified for `host`.
        tls: bool,
    },
    /// `unix:/run/hub.sock`, plain HTTP.
    Unix(PathBuf),
}

/// An access rule; one without factors admits every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Number of factors that are needed.
    pub satisfy: Satisfy,
    /// Client networks.
    pub networks: Option<Networks>,
    /// Password file in the format of htpasswd.
    pub password: Option<PathBuf>,
    /// Client certificates that are accepted.
    pub client_certificate: Option<ClientCertificate>,
    /// Headers that pass the client certificate to the hub.
    pub client_headers: ClientHeaders,
}

/// The number of factors of an [`Access`] that a request must satisfy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Satisfy {
    /// One factor is enough.
    #[default]
    Any,
    /// Every factor is needed.
    All,
}

/// The client certificates that are accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// The CA that signed them.
    pub ca: ClientAuthority,
    /// Common names that are accepted; if empty, all that the CA signed.
    pub allow: Vec<String>,
    /// Maximum number of intermediate CAs between the CA and a certificate, as NGINX's
    /// `ssl_verify_depth`.
    pub verify_depth: Option<u32>,
    /// Accepts certificates without an extended key usage too.
    pub any_use: bool,
}

/// A CA of client certificates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuthority {
    /// hubgate's own CA, stored in `state`.
    Own,
    /// A CA in files of the operator.
    Files {
        /// PEM file with one or more CA certificates.
        ca: PathBuf,
        /// PEM or DER file with CRLs of these CAs.
        crl: Option<PathBuf>,
    },
}

/// The headers that pass the client certificate to the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientHeaders {
    /// No header.
    #[default]
    Off,
    /// `X-SSL-Client-Verify`, `X-SSL-Client-S-DN`, `X-SSL-Client-Serial` and
    /// `X-SSL-Client-Fingerprint`.
    XSslClient,
    /// `Client-Cert` (RFC 9440).
    ClientCert,
}

/// The rule of a path.
#[derive(Clone, Debug)]
pub struct PathRule {
    /// Begins with `/`. A path that ends in `/` covers everything below it; any other covers
    /// itself and everything below it.
    pub path: String,
    /// Matches every path that begins with `path`, even within a segment.
    pub prefix: bool,
    /// Change to the site's access rule.
    pub access: PathAccess,
    /// Origins that are added to those of the site.
    pub origins: Vec<Origin>,
    /// Upstream of this path; `None` for the site's.
    pub upstream: Option<Arc<Upstream>>,
}

impl PathRule {
    /// Returns the path, followed by `*` if it is a prefix. No path contains `*` itself.
    #[must_use]
    pub fn pattern(&self) -> String {
        let end = if self.prefix { "*" } else { "" };
        format!("{}{end}", self.path)
    }
}

/// The change that a path makes to its site's access rule.
#[derive(Clone, Debug)]
pub enum PathAccess {
    /// The site's rule applies.
    Inherit,
    /// Every request is admitted.
    Public,
    /// The site's rule and this one apply.
    And(Access),
}

/// Strict-Transport-Security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// One year if the certificate is publicly trusted, otherwise not sent.
    Auto,
    /// Never sent.
    Off,
    /// Always sent.
    On {
        /// Time that browsers remember the header.
        max_age: Duration,
        /// Applies the header to subdomains too.
        include_subdomains: bool,
    },
}

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

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

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Wildcard(parent) => write!(f, "*.{parent}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl Origin {
    /// Wraps an origin that is serialized already.
    #[must_use]
    pub fn new(serialized: &str) -> Self {
        Self(serialized.to_owned())
    }

    /// Returns the serialization.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, tls } => {
                let scheme = if *tls { "https" } else { "http" };
                match host.contains(':') {
                    true => write!(f, "{scheme}://[{host}]:{port}"),
                    false => write!(f, "{scheme}://{host}:{port}"),
                }
            }
            Self::Unix(socket) => write!(f, "unix:{}", socket.display()),
        }
    }
}

impl ClientAuthority {
    /// True if both are the same CA; revocation lists are not compared.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Own, Self::Own) => true,
            (Self::Files { ca, .. }, Self::Files { ca: other, .. }) => ca == other,
            _ => false,
        }
    }
}

impl fmt::Display for ClientAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("own client CA"),
            Self::Files { ca, .. } => ca.display().fmt(f),
        }
    }
}

impl Networks {
    /// True if the address is in one of the networks; an IPv4-mapped address counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Config {
    /// True if an access rule accepts the certificates of hubgate's own CA.
    #[must_use]
    pub fn has_own_clients(&self) -> bool {
        self.sites.iter().any(|site| site.has_own_clients())
    }

    /// True if the address is in a network of an access rule.
    #[must_use]
    pub fn is_at_home(&self, address: IpAddr) -> bool {
        let rules = self.sites.iter().flat_map(|site| site.rules());
        let mut named = rules.filter_map(|rule| rule.networks.as_ref());
        named.any(|networks| networks.contains(address))
    }
}

impl Site {
    /// Iterates over the access rules: the site's own, then those of its paths.
    pub fn rules(&self) -> impl Iterator<Item = &Access> {
        let paths = self.paths.iter().filter_map(|path| match &path.access {
            PathAccess::And(access) => Some(access),
            PathAccess::Inherit | PathAccess::Public => None,
        });
        std::iter::once(&self.access).chain(paths)
    }

    /// Iterates over the upstreams: the site's own, then those of its paths.
    pub fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let paths = self.paths.iter();
        let paths = paths.filter_map(|path| path.upstream.as_deref());
        self.upstream().into_iter().chain(paths)
    }

    /// Returns the site's own upstream; `None` if the site redirects.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        match &self.destination {
            Destination::Upstream(upstream) => Some(upstream),
            Destination::Redirect(_) => None,
        }
    }

    /// Returns the origin that every request is redirected to, if any.
    #[must_use]
    pub fn redirect(&self) -> Option<&Origin> {
        match &self.destination {
            Destination::Redirect(origin) => Some(origin),
            Destination::Upstream(_) => None,
        }
    }

    /// Returns the host to show to users: the first name, else the first address.
    #[must_use]
    pub fn public_host(&self) -> Option<&Host> {
        let hosts = &self.hosts;
        let name = hosts.iter().find(|host| matches!(host, Host::Name(_)));
        name.or_else(|| hosts.iter().find(|host| matches!(host, Host::Address(_))))
    }

    /// True if one of its access rules accepts the certificates of hubgate's own CA.
    #[must_use]
    pub fn has_own_clients(&self) -> bool {
        let accepts_own = |rule: &Access| {
            let certificate = rule.client_certificate.as_ref();
            certificate.is_some_and(|certificate| certificate.ca == ClientAuthority::Own)
        };
        self.rules().any(accepts_own)
    }
}

impl Access {
    /// True if the rule has no factor, so that every request is admitted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.networks.is_none() && self.password.is_none() && self.client_certificate.is_none()
    }
}
