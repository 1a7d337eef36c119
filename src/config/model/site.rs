//! A site, and the rules of its paths.

use std::{path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};

use super::{Access, ClientCaSource, Host, Origin, Upstream};

/// A site: its hosts, certificate, access rule and destination.
#[derive(Clone, Debug)]
pub struct Site {
    /// Names and addresses of the site; never empty.
    pub hosts: Vec<Host>,
    /// Source of the certificate.
    pub certificate: Certificate,
    /// Upstream, redirect, or an answer of hubgate's own.
    pub destination: Destination,
    /// Request header in which the upstream receives the name of the user or device, spelled as in
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
    /// Headers added to every response of the upstream.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// The destination of a site's requests.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Requests are forwarded to an upstream.
    Upstream(Arc<Upstream>),
    /// Requests are redirected to the same path and query at this origin (RFC 9110, section 15.4).
    Redirect(Origin),
    /// hubgate responds itself.
    Serve(Serve),
}

/// An answer of hubgate's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serve {
    /// Metrics for Prometheus.
    Metrics,
}

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
    /// Answer of hubgate's own, in place of an upstream.
    pub serve: Option<Serve>,
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

    /// Returns the first host that is a name.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        self.hosts.iter().find_map(|host| match host {
            Host::Name(name) => Some(name.as_str()),
            Host::Wildcard(_) | Host::Address(_) => None,
        })
    }

    /// Returns the site's own upstream; `None` if the site redirects or serves.
    #[must_use]
    pub fn upstream(&self) -> Option<&Upstream> {
        match &self.destination {
            Destination::Upstream(upstream) => Some(upstream),
            Destination::Redirect(_) | Destination::Serve(_) => None,
        }
    }

    /// Returns the origin that every request is redirected to, if any.
    #[must_use]
    pub fn redirect(&self) -> Option<&Origin> {
        match &self.destination {
            Destination::Redirect(origin) => Some(origin),
            Destination::Upstream(_) | Destination::Serve(_) => None,
        }
    }

    /// Returns the answer of hubgate's own that the site serves, if any.
    #[must_use]
    pub fn serve(&self) -> Option<Serve> {
        match &self.destination {
            Destination::Serve(serve) => Some(*serve),
            Destination::Upstream(_) | Destination::Redirect(_) => None,
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
    pub fn uses_own_ca(&self) -> bool {
        let accepts_own = |rule: &Access| {
            let certificate = rule.client_certificate.as_ref();
            certificate.is_some_and(|certificate| certificate.ca == ClientCaSource::Own)
        };
        self.rules().any(accepts_own)
    }
}

impl PathRule {
    /// Returns the path, followed by `*` if it is a prefix. No path contains `*` itself.
    #[must_use]
    pub fn pattern(&self) -> String {
        let end = if self.prefix { "*" } else { "" };
        format!("{}{end}", self.path)
    }
}
