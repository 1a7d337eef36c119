//! What was written: every key of `proxy.yaml` that there is, with its default.
//!
//! The one source of the schema, and with it of editors' completion and of the
//! check of the shape; the comments here are its descriptions. A value is kept
//! as written: what it means, and whether it makes sense, is for `resolve`.

mod access;
mod acme;
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
    acme::{Acme, Challenge, Dns, Eab, Export, Provider},
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
    /// How `certificate: acme` is got.
    #[serde(default)]
    pub(super) acme: Acme,
    /// What is served under which name; one at least.
    pub(super) sites: Vec<Site>,
    /// Proxies before this one whose `X-Forwarded-For` and PROXY header count: `lan`, addresses, CIDRs.
    #[serde(default)]
    pub(super) trusted_proxies: Vec<String>,
    /// Sizes, counts and times at which a request or connection is cut.
    #[serde(default)]
    pub(super) limits: Limits,
    /// What is logged.
    #[serde(default)]
    pub(super) log: Log,
}

/// Addresses and ports to listen on; `[::]` takes IPv4 too, `[]` turns one off.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    /// Plain HTTP: redirects to https, or serves the sites when `https` is `[]`.
    pub(super) http: Vec<String>,
    /// HTTP over TLS.
    pub(super) https: Vec<String>,
}

/// One site: names, a certificate, who may enter, and the hub behind it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    /// Names, addresses or `"*.example.org"`.
    pub(super) hosts: Vec<String>,
    /// Where the certificate comes from.
    #[serde(default)]
    pub(super) certificate: Certificate,
    /// The hub: `http://127.0.0.1:8080`, or a block with several servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
    /// In the place of `upstream`: the origin that has the same paths, such as `https://home.example.org`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirect: Option<String>,
    /// Field that names the user or device let in to the hub, such as `Remote-User`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_header: Option<String>,
    /// Entry to the site: `public` for everybody, or the factors asked for. Left out with `redirect` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<SiteAccess>,
    /// Exceptions by path; the longest match decides.
    #[serde(default)]
    pub(super) paths: Vec<PathRule>,
    /// Strict-Transport-Security: `auto` sends one year when the certificate is publicly trusted.
    #[serde(default)]
    pub(super) hsts: Hsts,
    /// Headers added to every answer of the hub.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// An exception by path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PathRule {
    /// Begins with `/`; ending in `/`, it means all below.
    pub(super) path: String,
    /// Takes all that begins with the path: of `/admin` also `/admins`.
    #[serde(default)]
    pub(super) prefix: bool,
    /// `public`, or factors needed in addition to the site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<SiteAccess>,
    /// Another hub than the site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Upstream>,
}

/// The hub behind a site or path.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(untagged)]
pub(super) enum Upstream {
    /// `http://HOST:PORT`, `https://HOST:PORT` or `unix:/SOCKET`.
    Url(String),
    /// Several servers that answer alike, or a CA of one's own.
    Servers(Servers),
}

/// Servers that answer alike.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Servers {
    /// URLs, tried in turn.
    pub(super) servers: Vec<String>,
    /// PEM file of the CA that signed the servers' certificates; the system's CAs without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<String>,
    /// Connections to each server at most; no limit without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connections: Option<usize>,
    /// Whether HTTP/2 is spoken to the servers: h2c in the clear, ALPN over TLS; gRPC needs it.
    #[serde(default)]
    pub(super) http2: bool,
    /// The servers' own certificate, its file or `sha256:HEX`: equal or refused, whatever its names and dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<String>,
    /// Host and port that the hub gets in `Host`, in place of the visitor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<String>,
    /// Fields of each request that are set, or removed by `null`.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, UpstreamHeader>,
    /// What the hub is; without it, openHAB is recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<HubKind>,
}

/// What a hub is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum HubKind {
    /// openHAB: its pages send their token beside a password, and it starts slowly.
    OpenHab,
    /// Anything else.
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

/// The default of `state`, beside `proxy.yaml`.
pub(super) const STATE: &str = "certs";

fn state() -> String {
    STATE.into()
}
