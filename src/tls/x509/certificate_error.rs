//! Reasons why a client certificate is not accepted, in the words of pages and log lines.

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use webpki::Error as Fault;

use super::date::date;

/// The reason why a client certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientCertificateError {
    /// The certificate or an intermediate has expired.
    #[error("the certificate ended on {}", date(*.0))]
    Expired(OffsetDateTime),
    /// The certificate or an intermediate is not valid yet.
    #[error("the certificate is valid only from {}", date(*.0))]
    NotYetValid(OffsetDateTime),
    /// No CA of the site signed the certificate.
    #[error("the certificate was signed by another CA")]
    OtherCa,
    /// The issuer name is the CA's, but the CA's key did not sign the certificate.
    #[error("the certificate was altered, or signed by another CA of the same name")]
    BadSignature,
    /// The CA revoked the certificate.
    #[error("the certificate was revoked")]
    Revoked,
    /// The revocation list has expired (`nextUpdate`).
    #[error("the CA's list of revoked certificates ended on {}", date(*.0))]
    CrlExpired(OffsetDateTime),
    /// No revocation list covers the certificate or its issuer.
    #[error("no list of revoked certificates covers the certificate")]
    RevocationUnknown,
    /// The certificate has no extended key usage.
    #[error("the certificate does not say that it was made for clients (clientAuth)")]
    NoUsage,
    /// The extended key usage has no clientAuth.
    #[error("the certificate was not made for clients")]
    NotForClients,
    /// The certificate is a CA certificate.
    #[error("the certificate is that of a CA, not of a device")]
    IsCa,
    /// The chain has more intermediates than a CA allows (pathLenConstraint).
    #[error("more intermediate CAs stand between the CA and the certificate than the CA allows")]
    ChainTooLong,
    /// The chain has more intermediates than `verify_depth` or webpki allows.
    #[error("more intermediate CAs stand above the certificate than the site allows")]
    TooDeep,
    /// A CA's name constraints exclude the certificate's names (RFC 5280, section 4.2.1.10).
    #[error("the CA may not sign the names in the certificate")]
    NameNotPermitted,
    /// The RSA key has fewer than 2048 bits.
    #[error("the certificate's RSA key of {0} bits is too short; 2048 is the least")]
    ShortKey(usize),
    /// The RSA key, or that of an intermediate the client presented, is too long to verify.
    #[error("an RSA key of {bits} bits is too long; {most} is the most")]
    LongKey {
        /// Length of the key, in bits.
        bits: usize,
        /// Longest key that is accepted, in bits.
        most: usize,
    },
    /// Signatures with this kind of key cannot be verified.
    #[error("the certificate's key is of an unsupported kind; use RSA, ECDSA or Ed25519")]
    UnknownKey,
    /// The client presented more certificates, or more bytes of them, than are accepted.
    #[error("the device showed more than 8 certificates, or more than 32 KiB of them")]
    TooManyPresented,
    /// The CA certificate has expired.
    #[error("the certificate of the CA ended on {}", date(*.0))]
    CaExpired(OffsetDateTime),
    /// The CA certificate is not valid yet.
    #[error("the certificate of the CA is valid only from {}", date(*.0))]
    CaNotYetValid(OffsetDateTime),
    /// The certificate has X.509 version 1 or 2, without extensions.
    #[error("the certificate is not of X.509 version 3")]
    OldVersion,
    /// The certificate has an unknown critical extension (RFC 5280, section 4.2).
    #[error("the certificate has a critical extension that is not understood")]
    UnknownExtension,
    /// The signature algorithm is no longer safe, such as one with SHA-1.
    #[error("the certificate was signed in a way that is no longer safe")]
    WeakSignature,
    /// The common name is not in `allow`.
    #[error("the certificate is valid, but its name is not on the list of allowed devices")]
    NotAllowed,
    /// The certificate cannot be parsed.
    #[error("the certificate is damaged, or of a kind not understood")]
    Malformed,
}

impl From<Fault> for ClientCertificateError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::CertExpired { not_after, .. } => Self::Expired(date_time(not_after)),
            Fault::CertNotValidYet { not_before, .. } => Self::NotYetValid(date_time(not_before)),
            Fault::CrlExpired { next_update, .. } => Self::CrlExpired(date_time(next_update)),
            Fault::UnknownIssuer | Fault::EndEntityUsedAsCa => Self::OtherCa,
            Fault::InvalidSignatureForPublicKey => Self::BadSignature,
            Fault::CertRevoked => Self::Revoked,
            Fault::EmptyEkuExtension | Fault::RequiredEkuNotFoundContext(_) => Self::NotForClients,
            Fault::CaUsedAsEndEntity => Self::IsCa,
            Fault::PathLenConstraintViolated => Self::ChainTooLong,
            Fault::MaximumPathDepthExceeded => Self::TooDeep,
            Fault::NameConstraintViolation => Self::NameNotPermitted,
            Fault::UnsupportedCertVersion => Self::OldVersion,
            Fault::UnsupportedCriticalExtension => Self::UnknownExtension,
            Fault::UnsupportedSignatureAlgorithmContext(_)
            | Fault::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::WeakSignature,
            fault => Self::from_revocation(&fault),
        }
    }
}

impl ClientCertificateError {
    fn from_revocation(fault: &Fault) -> Self {
        match fault {
            Fault::UnknownRevocationStatus
            | Fault::InvalidCrlSignatureForPublicKey
            | Fault::IssuerNotCrlSigner
            | Fault::UnsupportedCrlSignatureAlgorithmContext(_)
            | Fault::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
                Self::RevocationUnknown
            }
            _ => Self::Malformed,
        }
    }
}

fn date_time(time: UnixTime) -> OffsetDateTime {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
