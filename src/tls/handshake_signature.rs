//! The signature by which a peer proves in the handshake that it has its certificate's key.
//!
//! Only the key of the certificate is read, so that one of any version and with any extensions
//! will do.

use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme,
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
};
use webpki::{Error as Fault, RawPublicKeyEntity};

use super::{Reason, fields::Fields};

/// Verifies the signatures of handshakes.
#[derive(Debug)]
pub(super) struct HandshakeSignatures(WebPkiSupportedAlgorithms);

/// The key with which a peer has to sign.
///
/// # Errors
/// No signature of it could be checked.
pub(super) fn key<'a>(leaf: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, Reason> {
    let fields = Fields::of(leaf).ok_or(Reason::Malformed)?;
    fields.must_have_known_key()?;
    Ok(SubjectPublicKeyInfoDer::from(fields.public_key))
}

impl HandshakeSignatures {
    pub(super) fn new() -> Self {
        Self(aws_lc_rs::default_provider().signature_verification_algorithms)
    }

    /// The schemes that can be verified.
    pub(super) fn schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }

    /// Verifies a signature of TLS 1.2.
    ///
    /// Any algorithm of the scheme will do: TLS 1.2 leaves the curve open (RFC 8422, 5.1.1).
    pub(super) fn verify_tls12(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<(), Error> {
        let bad = |_| Error::InvalidCertificate(CertificateError::BadSignature);
        let key = RawPublicKeyEntity::try_from(key).map_err(bad)?;
        let mut schemes = self.0.mapping.iter();
        let Some((_, algorithms)) = schemes.find(|(scheme, _)| *scheme == signature.scheme) else {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        };
        for algorithm in *algorithms {
            match key.verify_signature(*algorithm, message, signature.signature()) {
                Err(Fault::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                verified => return verified.map_err(bad),
            }
        }
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }

    /// Verifies a signature of TLS 1.3.
    pub(super) fn verify_tls13(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<(), Error> {
        verify_tls13_signature_with_raw_key(message, key, signature, &self.0).map(|_| ())
    }
}
