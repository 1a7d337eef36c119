//! How certificates are got, as it is true.

use std::{fmt, net::SocketAddr, path::PathBuf};

/// How certificates are got (RFC 8555).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// The CA.
    pub authority: Authority,
    /// Another one, tried while the first one fails.
    pub fallback: Option<Authority>,
    /// Where the CAs may write to.
    pub email: Option<String>,
    /// The kinds of proof that may be given, in the order in which they are tried; never empty.
    pub challenges: Vec<ChallengeKind>,
    /// Who writes the records of dns-01; there when `challenges` has it.
    pub dns: Option<Dns>,
    /// The CA's profile.
    pub profile: Option<String>,
    /// Folder with a certbot lineage for each name.
    pub lineages: PathBuf,
    /// Copies of each certificate for other programs.
    pub export: Option<Export>,
}

/// A certificate authority that speaks ACME.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// URL of its directory.
    pub directory: String,
    /// PEM file of the root that its own server is trusted by, beside the system's.
    pub root: Option<PathBuf>,
    /// The account at the CA that certificates are booked on.
    pub eab: Option<Eab>,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eab {
    /// The key's name.
    pub key_id: String,
    /// File with the key in base64url.
    pub hmac_key: PathBuf,
}

/// A kind of proof that a name is one's own, in the order in which they are tried.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum ChallengeKind {
    /// By a file over plain HTTP (RFC 8555, section 8.3).
    #[serde(rename = "http-01")]
    Http01,
    /// By a handshake (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// By a record in the DNS (RFC 8555, section 8.4).
    #[serde(rename = "dns-01")]
    Dns01,
}

/// Who writes the records of dns-01.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Who keeps the zone.
    pub provider: DnsProvider,
    /// The resolver that is asked whether a record has spread; the system's if none.
    pub resolver: Option<SocketAddr>,
}

/// Who keeps the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsProvider {
    /// A program, called as `PROGRAM present|cleanup FQDN VALUE`.
    Exec(PathBuf),
    /// A name server that takes dynamic updates (RFC 2136).
    Rfc2136 {
        /// The zone's primary server.
        server: SocketAddr,
        /// File with the TSIG key, as `tsig-keygen` writes it.
        key: PathBuf,
    },
    /// Cloudflare, and the file with the token.
    Cloudflare(PathBuf),
    /// deSEC, and the file with the token.
    Desec(PathBuf),
    /// Duck DNS, and the file with the token.
    Duckdns(PathBuf),
}

/// Copies of each certificate for other programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Folder that gets `HOST/fullchain.pem` and `HOST/privkey.pem`.
    pub folder: PathBuf,
    /// A program run after each change, as `PROGRAM HOST FOLDER`.
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
