//! Descriptions of upstream certificates that are not trusted, and of the cause.

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

use crate::tls::x509::{
    date::date,
    distinguished_name::{NameText, hex},
    subject_alt_names::ip_address,
};

/// A certificate of an upstream that is not trusted.
#[derive(Debug, thiserror::Error)]
pub struct RefusedCertificate {
    reason: String,
    /// Subject and expiry; empty if the certificate cannot be parsed.
    description: String,
    fingerprint: String,
}

/// A refused certificate and the name by which the upstream was connected.
struct Refusal<'a> {
    /// `None` if it cannot be parsed.
    certificate: Option<X509Certificate<'a>>,
    name: &'a ServerName<'a>,
}

/// The cause when the certificate is not the pinned one.
pub(crate) const NOT_PINNED: &str = "it is not the certificate of `pin`";
/// Most names of a certificate that are listed.
const MAX_NAMES: usize = 5;

impl RefusedCertificate {
    pub(crate) fn new(
        leaf: &CertificateDer<'_>,
        name: &ServerName<'_>,
        cause: &Error,
        sha256: [u8; 32],
    ) -> Self {
        let parsed = X509Certificate::from_der(leaf);
        let refusal = Refusal {
            certificate: parsed.ok().map(|(_, certificate)| certificate),
            name,
        };
        Self {
            reason: refusal.reason(cause),
            description: refusal.description(),
            fingerprint: hex("", &sha256).to_ascii_lowercase(),
        }
    }

    /// Returns the refused certificate of a handshake error.
    #[must_use]
    pub fn from_error(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
                cause.downcast_ref()
            }
            _ => None,
        }
    }

    /// Returns the value of `pin` that trusts exactly this certificate.
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

impl Refusal<'_> {
    fn description(&self) -> String {
        let Some(certificate) = &self.certificate else {
            return String::new();
        };
        let subject = NameText(certificate.subject());
        let ends = date(certificate.validity().not_after.to_datetime());
        format!("{subject}, valid until {ends}, ")
    }

    fn reason(&self, cause: &Error) -> String {
        let Error::InvalidCertificate(fault) = cause else {
            return match cause {
                Error::General(text) if text == NOT_PINNED => NOT_PINNED.to_owned(),
                other => other.to_string(),
            };
        };
        match fault {
            CertificateError::UnknownIssuer => self.unknown_issuer(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                self.other_name()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => self.expired(),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                self.not_yet_valid()
            }
            CertificateError::BadSignature => "the CA's signature on it is wrong".to_owned(),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "it was not made for servers".to_owned()
            }
            CertificateError::Other(OtherError(fault)) => path_fault(fault.downcast_ref()),
            other => encoding_fault(other),
        }
    }

    fn expired(&self) -> String {
        let certificate = self.certificate.as_ref();
        let ended = certificate.map(|known| date(known.validity().not_after.to_datetime()));
        format!("it ended on {}", ended.unwrap_or_default())
    }

    fn not_yet_valid(&self) -> String {
        let certificate = self.certificate.as_ref();
        let begins = certificate.map(|known| date(known.validity().not_before.to_datetime()));
        format!("it is valid only from {}", begins.unwrap_or_default())
    }

    fn unknown_issuer(&self) -> String {
        match &self.certificate {
            Some(certificate) if certificate.subject() == certificate.issuer() => {
                "it is signed by itself, and by no CA".to_owned()
            }
            Some(certificate) => {
                let issuer = NameText(certificate.issuer());
                format!("it was signed by {issuer}, which is not trusted here")
            }
            None => "it was signed by a CA that is not trusted here".to_owned(),
        }
    }

    /// Describes a certificate without the hub's name; common names do not count (RFC 9110,
    /// section 4.3.4).
    fn other_name(&self) -> String {
        let (wanted, names) = (self.name.to_str(), self.alternative_names());
        match names.len() {
            0 => format!("it names no host, so not {wanted} (it has no subjectAltName)"),
            _ => format!("it is for {}, not for {wanted}", names.join(", ")),
        }
    }

    fn alternative_names(&self) -> Vec<String> {
        let certificate = self.certificate.iter();
        let extensions = certificate.flat_map(|certificate| certificate.extensions());
        extensions
            .filter_map(|extension| match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
                _ => None,
            })
            .flatten()
            .filter_map(alternative_name)
            .take(MAX_NAMES)
            .collect()
    }
}

fn alternative_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => {
            Some(name.chars().filter(|letter| !letter.is_control()).collect())
        }
        GeneralName::IPAddress(octets) => Some(ip_address(octets)?.to_string()),
        _ => None,
    }
}

fn path_fault(fault: Option<&Fault>) -> String {
    match fault {
        Some(Fault::CaUsedAsEndEntity) => {
            "it is that of a CA, not of a server (CA:TRUE)".to_owned()
        }
        Some(Fault::UnsupportedCertVersion) => "it is not of X.509 version 3".to_owned(),
        Some(Fault::UnsupportedCriticalExtension) => {
            "it has a critical extension that is not understood".to_owned()
        }
        Some(Fault::MaximumPathDepthExceeded | Fault::PathLenConstraintViolated) => {
            "its chain has more CAs than are accepted".to_owned()
        }
        Some(fault) => format!("{fault}"),
        None => "it cannot be verified".to_owned(),
    }
}

fn encoding_fault(fault: &CertificateError) -> String {
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
