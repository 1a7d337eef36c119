//! The keys of `proxy.yaml` and their defaults, as types that serde reads.
//!
//! The JSON schema is generated from these types, and their doc comments are its
//! descriptions. Values are stored as written; `resolve` interprets and checks them.

mod access;
mod acme;
mod history;
mod limits;
mod log;
mod tls;
mod upstream_header;

use std::collections::BTreeMap;

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

pub(super) use self::{
    access::{
        Access, ClientCa, ClientCertificate, ClientHeaders, ClientHeadersForm, Satisfy, SiteAccess,
    },
    acme::{Acme, Challenge, Dns, Eab, Export, Fallback, Provider},
    history::History,
    limits::Limits,
    log::{AccessLog, Level, Log},
    tls::{Certificate, CertificateWord, Hsts, HstsWord},
    upstream_header::{SecretFile, UpstreamHeader},
};

/// The configuration of hubgate, a TLS reverse proxy for a home hub.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[cfg_attr(test, schemars(title = "proxy.yaml"))]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Addresses and ports to listen on.
    #[serde(default)]
    pub(super) listen: Listen,
    /// Folder for keys and certificates made by hubgate, relative to this file.
    #[serde(default = "state")]
    pub(super) state: String,
    /// The CA and challenges of `certificate: acme`.
    #[serde(default)]
    pub(super) acme: Acme,
    /// The sites; at least one.
    pub(super) sites: Vec<Site>,
    /// Proxies in front of hubgate, trusted for `X-Forwarded-For` and the PROXY header: `lan`, addresses, CIDR blocks.
    #[serde(default)]
    pub(super) trusted_proxies: Vec<String>,
    /// Sizes, counts and times at which a request is refused or a connection closed.
    #[serde(default)]
    pub(super) limits: Limits,
    /// The access log and the journal.
    #[serde(default)]
    pub(super) log: Log,
    /// The history of entries and refusals, in the state folder.
    #[serde(default)]
    pub(super) history: History,
}

/// Addresses and ports to listen on. `[::]` accepts IPv4 too; `[]` turns a listener off.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    /// Plain HTTP: redirects to https, or serves the sites if `https` is `[]`.
    pub(super) http: Vec<String>,
    /// HTTP over TLS.
    pub(super) https: Vec<String>,
}

/// A site: its hosts, certificate, access rule and hub.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    /// Names, addresses or wildcards such as `"*.example.org"`; a host belongs to one site.
    pub(super) hosts: Vec<String>,
    /// The source of the certificate.
    #[serde(default)]
    pub(super) certificate: Certificate,
    /// The hub: a URL such as `http://127.0.0.1:8080`, or a block with several servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
    /// Instead of `upstream`: the origin that every request is redirected to, such as `https://home.example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirect: Option<String>,
    /// Instead of `upstream`: an answer of hubgate's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serve: Option<Serve>,
    /// Request header in which the hub receives the name of the user or device, such as `Remote-User`. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_header: Option<String>,
    /// Access rule: `public`, or the factors that a request must satisfy. Required, except with `redirect`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<SiteAccess>,
    /// Rules for single paths; the longest matching path applies.
    #[serde(default)]
    pub(super) paths: Vec<PathRule>,
    /// Strict-Transport-Security: `auto` sends one year if the certificate is publicly trusted.
    #[serde(default)]
    pub(super) hsts: Hsts,
    /// Headers added to every response of the hub.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// The rule of a path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PathRule {
    /// Begins with `/`. A path that ends in `/` covers everything below it.
    pub(super) path: String,
    /// Matches every path that begins with this text: `/admin` matches `/admins` too.
    #[serde(default)]
    pub(super) prefix: bool,
    /// `public`, or factors that are needed in addition to the site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<SiteAccess>,
    /// The hub of this path. Default: the site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
    /// Instead of a hub: an answer of hubgate's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serve: Option<Serve>,
}

/// An answer of hubgate's own, in place of a hub.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Serve {
    /// Metrics for Prometheus.
    Metrics,
}

/// The hub behind a site or path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(super) enum Upstream {
    /// `http://HOST:PORT`, `https://HOST:PORT` or `unix:/SOCKET`.
    Url(String),
    /// One or more servers, with options.
    Servers(Servers),
}

/// Interchangeable servers, with options.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Servers {
    /// URLs of the servers, used in turn.
    pub(super) servers: Vec<String>,
    /// PEM file of the CA that signed the servers' certificates. Default: the system's CAs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<String>,
    /// Maximum number of connections to each server. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connections: Option<usize>,
    /// Sends requests over HTTP/2, which gRPC needs: by prior knowledge in the clear, by ALPN over TLS.
    #[serde(default)]
    pub(super) http2: bool,
    /// The servers' certificate, as a file or `sha256:HEX`. Only this certificate is accepted; its names and dates are not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<String>,
    /// Health checks of each server. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) health: Option<HealthCheck>,
    /// Value of `Host` that the hub receives. Default: the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// Request headers that are set, or removed with `null`.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, UpstreamHeader>,
    /// The kind of hub. Default: openHAB is detected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<HubKind>,
}

/// The health checks of a server: a request at regular times.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct HealthCheck {
    /// Path of the request, which begins with `/`. A response with a status below 500 passes.
    pub(super) path: String,
    /// Time between two checks: `1s` to `1h`.
    pub(super) every: String,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            path: "/".into(),
            every: "30s".into(),
        }
    }
}

/// A kind of hub.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum HubKind {
    /// openHAB: its pages need a cookie beside a password, and its start takes minutes.
    OpenHab,
    /// Any other program.
    Other,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: vec!["[::]:80".into()],
            https: vec!["[::]:443".into()],
        }
    }
}

/// The default of `state`, relative to `proxy.yaml`.
pub(super) const STATE: &str = "certs";

fn state() -> String {
    STATE.into()
}
