//! How certificates are got, as written: `acme`.

use serde::Deserialize;
#[cfg(test)]
use {schemars::JsonSchema, serde::Serialize};

/// How `certificate: acme` is got (RFC 8555).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Acme {
    /// `letsencrypt`, `letsencrypt-staging`, `zerossl`, or the URL of another CA's directory.
    pub(crate) directory: String,
    /// Where the CA may write to, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// PEM file of the root that the CA's own server is trusted by, beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<String>,
    /// The account at the CA that certificates are booked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eab: Option<Eab>,
    /// Another CA, tried while the first one fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fallback: Option<Fallback>,
    /// The kinds of proof that may be given; tried in this order: http-01, tls-alpn-01, dns-01.
    pub(crate) challenges: Vec<Challenge>,
    /// Who writes the records of dns-01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns: Option<Dns>,
    /// The CA's profile, such as `classic` or `tlsserver`; the CA's choice without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// Certbot's folder; a certificate there that fits serves until its renewal.
    pub(crate) lineages: String,
    /// Copies of each certificate for other programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) export: Option<Export>,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Eab {
    /// The key's name, as the CA tells it.
    pub(crate) key_id: String,
    /// File with the key, in base64url as the CA tells it.
    pub(crate) hmac_key: String,
}

/// Another CA.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Fallback {
    /// As `acme.directory`.
    pub(crate) directory: String,
    /// As `acme.root`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<String>,
    /// As `acme.eab`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) eab: Option<Eab>,
}

/// A kind of proof that a name is one's own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
pub(crate) enum Challenge {
    /// By a file over plain HTTP, which needs port 80 open to the Internet.
    #[serde(rename = "http-01")]
    Http01,
    /// By a handshake, which needs port 443 open to the Internet (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// By a record in the DNS, which needs `dns` and no open port.
    #[serde(rename = "dns-01")]
    Dns01,
}

/// Who writes the records of dns-01, and with what.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Dns {
    /// Who keeps the zone.
    pub(crate) provider: Provider,
    /// exec: a program, called as `PROGRAM present|cleanup FQDN VALUE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<String>,
    /// cloudflare, desec, duckdns: file with the token of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// rfc2136: address and port of the zone's primary server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// rfc2136: file with the TSIG key, as `tsig-keygen` writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Address and port of the resolver that is asked whether a record has spread; the system's without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolver: Option<String>,
}

/// Who keeps the zone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize, JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// A program of one's own.
    Exec,
    /// A name server that takes dynamic updates (RFC 2136).
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
    /// Folder that gets `HOST/fullchain.pem` and `HOST/privkey.pem`.
    pub(crate) folder: String,
    /// A program run after each change, as `PROGRAM HOST FOLDER`.
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
