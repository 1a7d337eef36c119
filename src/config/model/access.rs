//! Access rules: networks, passwords and client certificates.

use std::{fmt, net::IpAddr, path::PathBuf};

use ipnet::IpNet;

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
    /// Headers that pass the client certificate to the upstream.
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
    pub ca: ClientCaSource,
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
pub enum ClientCaSource {
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

/// The headers that pass the client certificate to the upstream.
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

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Access {
    /// True if the rule has no factor, so that every request is admitted.
    #[must_use]
    pub fn admits_everyone(&self) -> bool {
        self.networks.is_none() && self.password.is_none() && self.client_certificate.is_none()
    }
}

impl ClientCaSource {
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

impl fmt::Display for ClientCaSource {
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
