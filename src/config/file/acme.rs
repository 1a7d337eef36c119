//! The `acme` key, as written.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// The CA and challenges of `certificate: acme` (RFC 8555).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Acme {
    /// `letsencrypt`, `letsencrypt-staging`, `zerossl`, or the URL of another CA's directory.
    pub(crate) directory: String,
    /// Contact e-mail of the ACME account. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// PEM file of a root certificate that the CA's own server is verified with, in addition to the system's roots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<String>,
    /// External account binding, for CAs that require it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eab: Option<Eab>,
    /// A second CA, used while the first one fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fallback: Option<Fallback>,
    /// Challenge types that may be used. They are always tried in the order http-01, tls-alpn-01, dns-01.
    pub(crate) challenges: Vec<Challenge>,
    /// DNS provider that publishes the TXT records of dns-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns: Option<Dns>,
    /// Certificate profile of the CA, such as `classic` or `tlsserver`. Default: the CA's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// Certbot's folder. While hubgate has no certificate, a matching one is taken from here and served until its renewal.
    pub(crate) lineages: String,
    /// Copies of each certificate for other programs. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) export: Option<Export>,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Eab {
    /// Key ID, as issued by the CA.
    pub(crate) key_id: String,
    /// File with the MAC key in base64url, as issued by the CA.
    pub(crate) hmac_key: String,
}

/// A second CA.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallback {
    /// The same as `acme.directory`.
    pub(crate) directory: String,
    /// The same as `acme.root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<String>,
    /// The same as `acme.eab`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eab: Option<Eab>,
}

/// A challenge type, by which the CA validates the control of a name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
pub(crate) enum Challenge {
    /// A file over plain HTTP; needs port 80 open to the Internet (RFC 8555, section 8.3).
    #[serde(rename = "http-01")]
    Http01,
    /// A TLS handshake; needs port 443 open to the Internet (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// A TXT record; needs `dns` and no open port (RFC 8555, section 8.4).
    #[serde(rename = "dns-01")]
    Dns01,
}

/// The DNS provider that publishes the TXT records of dns-01, and its credentials.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Dns {
    /// The provider of the zone.
    pub(crate) provider: Provider,
    /// exec: program, called as `PROGRAM present|cleanup FQDN VALUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// cloudflare, desec, duckdns: file with the API token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// rfc2136: address and port of the zone's primary server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// rfc2136: file with the TSIG key, as `tsig-keygen` writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Address and port of the resolver that is queried until the record is visible. Default: the system's resolver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolver: Option<String>,
}

/// A provider of a DNS zone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// A program of the operator.
    Exec,
    /// A name server that accepts dynamic updates (RFC 2136).
    Rfc2136,
    /// Cloudflare.
    Cloudflare,
    /// deSEC.
    Desec,
    /// Duck DNS.
    Duckdns,
}

/// Copies of each certificate for other programs.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// Folder in which `HOST/fullchain.pem` and `HOST/privkey.pem` are written.
    pub(crate) folder: String,
    /// Program run after each change, as `PROGRAM HOST FOLDER/HOST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            directory: "letsencrypt".into(),
            email: None,
            root: None,
            eab: None,
            fallback: None,
            challenges: vec![Challenge::Http01, Challenge::TlsAlpn01],
            dns: None,
            profile: None,
            lineages: "/etc/letsencrypt/live".into(),
            export: None,
        }
    }
}
