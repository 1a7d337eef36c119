//! `acme` after defaults and checks.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// The CA and challenges of `certificate: acme` (RFC 8555).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// The CA.
    pub authority: Ca,
    /// Second CA, used while the first one fails.
    pub fallback: Option<Ca>,
    /// Contact e-mail of the accounts.
    pub email: Option<String>,
    /// Challenge types in the order in which they are tried; never empty.
    pub challenges: Vec<ChallengeKind>,
    /// DNS provider; present if `challenges` contains dns-01.
    pub dns: Option<Dns>,
    /// Certificate profile of the CA; `None` for its default.
    pub profile: Option<String>,
    /// Certbot's folder, with a lineage for each name.
    pub lineages: PathBuf,
    /// Copies of each certificate for other programs.
    pub export: Option<Export>,
}

/// A certificate authority with ACME (RFC 8555).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    /// URL of its directory.
    pub directory: String,
    /// PEM file of a root that its own server is verified with, in addition to the system's roots.
    pub root: Option<PathBuf>,
    /// External account binding.
    pub eab: Option<Eab>,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eab {
    /// Key ID.
    pub key_id: String,
    /// File with the MAC key in base64url.
    pub hmac_key: PathBuf,
}

/// A challenge type; the order is that in which they are tried.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum ChallengeKind {
    /// A file over plain HTTP (RFC 8555, section 8.3).
    #[serde(rename = "http-01")]
    Http01,
    /// A TLS handshake (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// A TXT record (RFC 8555, section 8.4).
    #[serde(rename = "dns-01")]
    Dns01,
}

/// The DNS provider that publishes the TXT records of dns-01.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Provider of the zone.
    pub provider: DnsProvider,
    /// Resolver that is queried until a record is visible; `None` for the system's.
    pub resolver: Option<SocketAddr>,
}

/// A provider of a DNS zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsProvider {
    /// A program, called as `PROGRAM present|cleanup FQDN VALUE`.
    Exec(PathBuf),
    /// A name server that accepts dynamic updates (RFC 2136).
    Rfc2136 {
        /// The zone's primary server.
        server: SocketAddr,
        /// File with the TSIG key, as `tsig-keygen` writes it.
        key: PathBuf,
    },
    /// Cloudflare, with the file of the API token.
    Cloudflare(PathBuf),
    /// deSEC, with the file of the API token.
    Desec(PathBuf),
    /// Duck DNS, with the file of the API token.
    Duckdns(PathBuf),
}

/// Copies of each certificate for other programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Folder in which `HOST/fullchain.pem` and `HOST/privkey.pem` are written.
    pub folder: PathBuf,
    /// Program run after each change, as `PROGRAM HOST FOLDER/HOST`.
    pub run: Option<PathBuf>,
}

impl fmt::Display for ChallengeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Dns01 => "dns-01",
        })
    }
}
