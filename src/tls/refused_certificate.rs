//! A hub's certificate that is not trusted: what it is, and why it is refused, in words.

use std::fmt;

use rustls::{
    CertificateError, Error, OtherError, pki_types::CertificateDer, pki_types::ServerName,
};
use webpki::Error as Fault;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer,
};

use super::{
    day::day,
    distinguished_name::{self, hex},
    server_trust::NOT_PINNED,
};

/// A hub's certificate that is not trusted.
#[derive(Debug, thiserror::Error)]
pub struct RefusedCertificate {
    reason: String,
    /// Its subject and when it ends; empty where it cannot be read.
    description: String,
    fingerprint: String,
}

/// Names of a certificate that are listed at most.
const MOST_NAMES: usize = 5;

impl RefusedCertificate {
    pub(super) fn new(
        leaf: &CertificateDer<'_>,
        name: &ServerName<'_>,
        cause: &Error,
        sha256: [u8; 32],
    ) -> Self {
        let parsed = X509Certificate::from_der(leaf).ok().map(|(_, it)| it);
        Self {
            reason: reason(cause, parsed.as_ref(), name),
            description: parsed.as_ref().map_or_else(String::new, description),
            fingerprint: hex("", &sha256).to_ascii_lowercase(),
        }
    }

    /// The one in an error of the handshake.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
                cause.downcast_ref()
            }
            _ => None,
        }
    }

    /// The value of `pin` that trusts exactly this certificate.
    #[must_use]
    pub fn pin(&self) -> String {
        format!("sha256:{}", self.fingerprint)
    }
}

impl fmt::Display for RefusedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reason,
            description,
            fingerprint,
        } = self;
        write!(
            f,
            "its certificate is refused: {reason} ({description}SHA-256 {fingerprint})"
        )
    }
}

fn description(certificate: &X509Certificate<'_>) -> String {
    let subject = distinguished_name::text(certificate.subject());
    let ends = day(certificate.validity().not_after.to_datetime());
    format!("{subject}, valid until {ends}, ")
}

fn reason(
    cause: &Error,
    certificate: Option<&X509Certificate<'_>>,
    name: &ServerName<'_>,
) -> String {
    let Error::InvalidCertificate(fault) = cause else {
        return match cause {
            Error::General(text) if text == NOT_PINNED => NOT_PINNED.to_owned(),
            other => other.to_string(),
        };
    };
    match fault {
        CertificateError::UnknownIssuer => unknown_issuer(certificate),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            other_name(certificate, name)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let ended = certificate.map(|known| day(known.validity().not_after.to_datetime()));
            format!("it ended on {}", ended.unwrap_or_default())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let begins = certificate.map(|known| day(known.validity().not_before.to_datetime()));
            format!("it is valid only from {}", begins.unwrap_or_default())
        }
        CertificateError::BadSignature => "the CA's signature on it is wrong".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it was not made for servers".to_owned()
        }
        CertificateError::Other(OtherError(fault)) => of_webpki(fault.downcast_ref()),
        other => of_others(other),
    }
}

fn unknown_issuer(certificate: Option<&X509Certificate<'_>>) -> String {
    match certificate {
        Some(it) if it.subject() == it.issuer() => {
            "it is signed by itself, and by no CA".to_owned()
        }
        Some(it) => {
            let issuer = distinguished_name::text(it.issuer());
            format!("it was signed by {issuer}, which is not trusted here")
        }
        None => "it was signed by a CA that is not trusted here".to_owned(),
    }
}

/// A certificate for other hosts, or for none: common names do not count (RFC 9110, 4.3.4).
fn other_name(certificate: Option<&X509Certificate<'_>>, name: &ServerName<'_>) -> String {
    let wanted = name.to_str();
    let names = certificate.map(names).unwrap_or_default();
    match names.len() {
        0 => format!("it names no host, so not {wanted} (it has no subjectAltName)"),
        _ => format!("it is for {}, not for {wanted}", names.join(", ")),
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extensions = certificate.extensions().iter();
    extensions
        .filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => None,
        })
        .flatten()
        .filter_map(alternative)
        .take(MOST_NAMES)
        .collect()
}

fn alternative(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => {
            Some(name.chars().filter(|letter| !letter.is_control()).collect())
        }
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(bytes).to_string())
}

fn of_webpki(fault: Option<&Fault>) -> String {
    match fault {
        Some(Fault::CaUsedAsEndEntity) => {
            "it is that of a CA, not of a server (CA:TRUE)".to_owned()
        }
        Some(Fault::UnsupportedCertVersion) => "it is not of X.509 version 3".to_owned(),
        Some(Fault::UnsupportedCriticalExtension) => {
            "it has a critical extension that is not understood".to_owned()
        }
        Some(Fault::MaximumPathDepthExceeded | Fault::PathLenConstraintViolated) => {
            "more CAs stand above it than are followed".to_owned()
        }
        Some(fault) => format!("{fault}"),
        None => "it cannot be verified".to_owned(),
    }
}

fn of_others(fault: &CertificateError) -> String {
    match fault {
        CertificateError::BadEncoding => "it is damaged, or not of X.509 version 3".to_owned(),
        CertificateError::UnhandledCriticalExtension => {
            "it has a critical extension that is not understood".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it was signed in a way that is no longer safe".to_owned()
        }
        other => other.to_string(),
    }
}
