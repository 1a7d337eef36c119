//! Why a client certificate does not count, in words for the person who holds it.

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use webpki::Error as Fault;

use super::day::day;

/// Why a client certificate does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Its validity, or that of an intermediate, is over.
    #[error("the certificate ended on {}", day(*.0))]
    Expired(OffsetDateTime),
    /// Its validity, or that of an intermediate, has not begun.
    #[error("the certificate is valid only from {}", day(*.0))]
    NotYetValid(OffsetDateTime),
    /// No CA of the site signed it.
    #[error("the certificate was signed by another CA")]
    OtherCa,
    /// It names the CA, but the CA's key did not sign it.
    #[error("the certificate was altered, or signed by another CA of the same name")]
    BadSignature,
    /// The CA took it back.
    #[error("the certificate was revoked")]
    Revoked,
    /// The list of revoked certificates is too old to trust.
    #[error("the CA's list of revoked certificates ended on {}", day(*.0))]
    CrlExpired(OffsetDateTime),
    /// No list of revoked certificates tells of it or its issuer.
    #[error("no list of revoked certificates covers the certificate")]
    RevocationUnknown,
    /// It has no extended key usage at all.
    #[error("the certificate does not say that it was made for clients (clientAuth)")]
    NoUsage,
    /// It has other usages than clientAuth.
    #[error("the certificate was not made for clients")]
    NotForClients,
    /// It is a CA's own certificate.
    #[error("the certificate is that of a CA, not of a device")]
    IsCa,
    /// There are more intermediates than a CA allows.
    #[error("more stand between the CA and the certificate than the CA allows")]
    ChainTooLong,
    /// There are more intermediates than the site allows, or than are ever followed.
    #[error("more intermediate CAs stand above the certificate than the site allows")]
    TooDeep,
    /// A CA may not sign such names (RFC 5280, 4.2.1.10).
    #[error("the CA may not sign the names in the certificate")]
    NameNotPermitted,
    /// Its RSA key is below 2048 bits.
    #[error("the certificate's RSA key of {0} bits is too short; 2048 is the least")]
    ShortKey(usize),
    /// Its RSA key, or that of an intermediate the client showed, is too long to be checked.
    #[error("an RSA key of {bits} bits is too long; {most} is the most")]
    LongKey {
        /// Length of the key.
        bits: usize,
        /// The longest that is taken.
        most: usize,
    },
    /// Its key is of a kind whose possession cannot be checked.
    #[error("the certificate's key is of a kind that is not taken; RSA, ECDSA and Ed25519 are")]
    UnknownKey,
    /// More was shown than is ever taken.
    #[error("the device showed more than 8 certificates, or more than 32 KiB of them")]
    TooManyShown,
    /// The CA's own validity is over.
    #[error("the certificate of the CA ended on {}", day(*.0))]
    CaExpired(OffsetDateTime),
    /// The CA's own validity has not begun.
    #[error("the certificate of the CA is valid only from {}", day(*.0))]
    CaNotYetValid(OffsetDateTime),
    /// It is of X.509 version 1 or 2, which have no extensions.
    #[error("the certificate is not of X.509 version 3")]
    OldVersion,
    /// It has a critical extension that is not understood (RFC 5280, 4.2).
    #[error("the certificate has a critical extension that is not understood")]
    UnknownExtension,
    /// It was signed in a way no longer considered safe, such as with SHA-1.
    #[error("the certificate was signed in a way that is no longer safe")]
    WeakSignature,
    /// Its common name is not among those let in.
    #[error("the certificate is good, but not on the list of those let in")]
    NotAllowed,
    /// It cannot be read.
    #[error("the certificate is damaged, or of a kind not understood")]
    Malformed,
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::CertExpired { not_after, .. } => Self::Expired(moment(not_after)),
            Fault::CertNotValidYet { not_before, .. } => Self::NotYetValid(moment(not_before)),
            Fault::CrlExpired { next_update, .. } => Self::CrlExpired(moment(next_update)),
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
            fault => Self::of_revocation(&fault),
        }
    }
}

impl Reason {
    fn of_revocation(fault: &Fault) -> Self {
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

fn moment(time: UnixTime) -> OffsetDateTime {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
