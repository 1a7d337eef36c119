//! What is true: the configuration after every default, reference and check.
//!
//! Built by `resolve` from what the operator wrote, whole or not at all. The
//! rest of the program reads these types and never the file.

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

/// The whole of `proxy.yaml`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses to listen on.
    pub listen: Listen,
    /// Folder for what hubgate itself keeps: placeholder certificates, keys.
    pub state: PathBuf,
    /// How certificates are got.
    pub acme: Arc<Acme>,
    /// The sites, in the order of the file; no host is claimed twice.
    pub sites: Vec<Arc<Site>>,
    /// Peers whose `X-Forwarded-For` and PROXY header count.
    pub trusted_proxies: Networks,
    /// Sizes, counts and times at which a request or connection is cut.
    pub limits: Limits,
    /// What is logged.
    pub log: Log,
    /// What is allowed but the operator should know, each with its place in the file.
    pub warnings: Vec<String>,
    /// The places of the file that name other files.
    pub named: NamedFiles,
}

/// Addresses to listen on; `[::]` takes IPv4 too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// Plain HTTP: redirects, unless `https` is empty and the sites are served here.
    pub http: Vec<SocketAddr>,
    /// HTTP over TLS.
    pub https: Vec<SocketAddr>,
}

/// One site: names, a certificate, who may enter, and what answers.
#[derive(Clone, Debug)]
pub struct Site {
    /// The names and addresses this site answers to; never empty.
    pub hosts: Vec<Host>,
    /// Where the certificate comes from.
    pub certificate: Certificate,
    /// What answers its requests.
    pub destination: Destination,
    /// Field that names the user or device let in to the hub, spelled as in `proxy.yaml`.
    pub user_header: Option<String>,
    /// Who may enter.
    pub access: Access,
    /// Further origins that count as own.
    pub origins: Vec<Origin>,
    /// How long a login is remembered; not at all when none.
    pub session: Option<Duration>,
    /// Exceptions by path, in the order of the file; the longest match decides.
    pub paths: Vec<PathRule>,
    /// Strict-Transport-Security (RFC 6797).
    pub hsts: Hsts,
    /// Headers added to every answer of the hub.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// What answers the requests of a site.
#[derive(Clone, Debug)]
pub enum Destination {
    /// A hub.
    Upstream(Arc<Upstream>),
    /// A redirect to the same path and query at this origin (RFC 9110, section 15.4).
    Redirect(Origin),
}

/// A host a site answers to, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `home.example.org`
    Name(String),
    /// `*.example.org`, kept as `example.org`: exactly one label more.
    Wildcard(String),
    /// `192.168.1.5` or `fd00::5`, without brackets.
    Address(IpAddr),
}

/// An origin of web pages as browsers write it in `Origin` (RFC 6454, section 6.2), or `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// Where a site's certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// Made by hubgate, with the site's hosts as SANs, and kept in `state`.
    SelfSigned,
    /// Got from a CA and renewed, and kept in `state`.
    Acme,
    /// PEM files, read again when they change.
    Files {
        /// Leaf first, then intermediates.
        chain: PathBuf,
        /// PKCS#8, PKCS#1 or SEC1.
        key: PathBuf,
    },
}

/// The servers behind a site or path; they answer alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Tried in turn; never empty.
    pub servers: Vec<Server>,
    /// PEM file of the CA that signed the servers' certificates; the system's roots without it.
    pub ca: Option<PathBuf>,
    /// Connections to each server at most.
    pub connections: Option<usize>,
    /// Whether requests reach the servers over HTTP/2.
    pub http2: bool,
    /// The servers' own certificate, in place of any CA.
    pub pin: Option<Pin>,
    /// Host as the servers get it; the visitor's without it.
    pub host: Option<HeaderValue>,
    /// Fields that the servers get in place of the visitor's; no name is in it twice.
    pub headers: Vec<HeaderEdit>,
    /// What the hub is; recognised where it is none.
    pub kind: Option<HubKind>,
}

/// What a hub is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HubKind {
    /// openHAB.
    OpenHab,
    /// Anything else.
    Other,
}

/// One server of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// `http://host:port` or `https://host:port`.
    Tcp {
        /// Name or address, without brackets; a name is looked up at each connect.
        host: String,
        /// Port.
        port: u16,
        /// Whether the connection is TLS, the certificate verified for `host`.
        tls: bool,
    },
    /// `unix:/run/hub.sock`, plain HTTP.
    Unix(PathBuf),
}

/// Who may enter. Without any factor: everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether one factor is enough.
    pub satisfy: Satisfy,
    /// Networks the peer may be in.
    pub networks: Option<Networks>,
    /// htpasswd file.
    pub password: Option<PathBuf>,
    /// CA of the client certificates.
    pub client_certificate: Option<ClientCertificate>,
    /// How the hub is told who came.
    pub client_headers: ClientHeaders,
}

/// Whether one factor of an [`Access`] is enough or all are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Satisfy {
    /// One is enough.
    #[default]
    Any,
    /// All are needed.
    All,
}

/// Whose client certificates are taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    /// The CA that signed them.
    pub ca: ClientAuthority,
    /// Common names let in; all that the CA signed when empty.
    pub allow: Vec<String>,
    /// Intermediate CAs that may stand between the CA and a certificate, at most; as NGINX's
    /// `ssl_verify_depth`.
    pub verify_depth: Option<u32>,
    /// Whether certificates without any extended key usage are taken too.
    pub any_use: bool,
}

/// A CA of client certificates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuthority {
    /// hubgate's own, made and kept in `state`.
    Own,
    /// Somebody else's.
    Files {
        /// PEM file with one or more CA certificates.
        ca: PathBuf,
        /// PEM or DER file with CRLs of these CAs.
        crl: Option<PathBuf>,
    },
}

/// How the hub is told which client certificate came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientHeaders {
    /// Not at all.
    #[default]
    Off,
    /// `X-SSL-Client-Verify`, `-S-DN`, `-Serial`, `-Fingerprint`.
    XSslClient,
    /// `Client-Cert` (RFC 9440).
    ClientCert,
}

/// An exception by path.
#[derive(Clone, Debug)]
pub struct PathRule {
    /// Begins with `/`. Ending in `/`: all below. Otherwise: this path, and below it after a `/`.
    pub path: String,
    /// Whether all that begins with it is meant, also within a segment.
    pub prefix: bool,
    /// Who may enter here.
    pub access: PathAccess,
    /// Further origins that count as own here, beside those of the site.
    pub origins: Vec<Origin>,
    /// Another upstream than the site's.
    pub upstream: Option<Arc<Upstream>>,
}

impl PathRule {
    /// The path, with `*` at the end of a prefix; no path has one itself.
    #[must_use]
    pub fn pattern(&self) -> String {
        let end = if self.prefix { "*" } else { "" };
        format!("{}{end}", self.path)
    }
}

/// What a path changes in its site's access; it can only tighten, unless public by name.
#[derive(Clone, Debug)]
pub enum PathAccess {
    /// As the site.
    Inherit,
    /// Open to everybody.
    Public,
    /// The site's rule and this one too.
    And(Access),
}

/// Strict-Transport-Security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// One year when the certificate is publicly trusted, else not sent.
    Auto,
    /// Never sent.
    Off,
    /// Always sent.
    On {
        /// How long browsers remember.
        max_age: Duration,
        /// Whether subdomains are bound too.
        include_subdomains: bool,
    },
}

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

/// Sizes, counts and times at which a request or connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body; none means no limit.
    pub body: Option<u64>,
    /// Open connections in all.
    pub connections: usize,
    /// Open connections of one address (an IPv6 /64 counts as one).
    pub connections_per_address: usize,
    /// For the ClientHello, the handshake and each request head to be complete.
    pub header_time: Duration,
    /// Between requests of a connection.
    pub idle: Duration,
    /// Bytes of request heads and buffers of all connections.
    pub memory: usize,
    /// Without a byte either way in an answer or WebSocket under way.
    pub stream_idle: Duration,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// One line a request.
    pub access: AccessLog,
    /// What hubgate says of itself.
    pub level: tracing::Level,
}

/// Format of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// NGINX's and Apache's `combined`.
    Combined,
    /// The host and a space, then `combined`.
    VhostCombined,
    /// One JSON object a line.
    Json,
    /// None.
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
    /// An origin in the form of `Origin`.
    #[must_use]
    pub fn new(serialized: &str) -> Self {
        Self(serialized.to_owned())
    }

    /// The text of `Origin`.
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
    /// Whether both sign with the same keys, whatever they have revoked.
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
    /// Whether the address, IPv4-mapped IPv6 unwrapped, is in one of the networks.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Config {
    /// Whether a rule of some site takes the certificates of hubgate's own CA.
    #[must_use]
    pub fn has_own_clients(&self) -> bool {
        self.sites.iter().any(|site| site.has_own_clients())
    }

    /// Whether some rule names a network that the address is in.
    #[must_use]
    pub fn is_at_home(&self, address: IpAddr) -> bool {
        let rules = self.sites.iter().flat_map(|site| site.rules());
        let mut named = rules.filter_map(|rule| rule.networks.as_ref());
        named.any(|networks| networks.contains(address))
    }
}

impl Site {
    /// The access rules: the site's own, then those of its paths.
    pub fn rules(&self) -> impl Iterator<Item = &Access> {
        let paths = self.paths.iter().filter_map(|path| match &path.access {
            PathAccess::And(access) => Some(access),
            PathAccess::Inherit | PathAccess::Public => None,
        });
        std::iter::once(&self.access).chain(paths)
    }

    /// The upstreams: the site's own, then those of its paths.
    pub fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        let paths = self.paths.iter();
        let paths = paths.filter_map(|path| path.upstream.as_deref());
        self.upstream().into_iter().chain(paths)
    }

    /// The site's own upstream; none where it redirects.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        match &self.destination {
            Destination::Upstream(upstream) => Some(upstream),
            Destination::Redirect(_) => None,
        }
    }

    /// The origin that every request is redirected to.
    #[must_use]
    pub fn redirect(&self) -> Option<&Origin> {
        match &self.destination {
            Destination::Redirect(origin) => Some(origin),
            Destination::Upstream(_) => None,
        }
    }

    /// The host to name to people: a name rather than an address.
    #[must_use]
    pub fn public_host(&self) -> Option<&Host> {
        let hosts = &self.hosts;
        let name = hosts.iter().find(|host| matches!(host, Host::Name(_)));
        name.or_else(|| hosts.iter().find(|host| matches!(host, Host::Address(_))))
    }

    /// Whether one of its rules takes the certificates of hubgate's own CA.
    #[must_use]
    pub fn has_own_clients(&self) -> bool {
        let mut taken = self.rules().filter_map(|it| it.client_certificate.as_ref());
        taken.any(|it| it.ca == ClientAuthority::Own)
    }
}

impl Access {
    /// Whether anybody may enter without any factor.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.networks.is_none() && self.password.is_none() && self.client_certificate.is_none()
    }
}
