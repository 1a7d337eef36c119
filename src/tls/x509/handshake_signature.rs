//! Handshake signatures: the proof that a peer holds the private key of its certificate.
//!
//! Only the certificate's key is parsed, so any version and any extensions are accepted.

use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme,
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
};
use webpki::{Error as Fault, RawPublicKeyEntity};

use super::certificate_fields::CertificateFields;
use crate::tls::ClientCertificateError;

/// Verifies handshake signatures (RFC 5246, section 7.4.8; RFC 8446, section 4.4.3).
#[derive(Debug)]
pub(crate) struct HandshakeSignatures(WebPkiSupportedAlgorithms);

/// Returns the key with which a peer signs the handshake.
///
/// # Errors
/// The certificate cannot be parsed, or signatures with its key cannot be verified.
pub(crate) fn handshake_key<'a>(
    leaf: &'a CertificateDer<'_>,
) -> Result<SubjectPublicKeyInfoDer<'a>, ClientCertificateError> {
    let fields = CertificateFields::parse(leaf).ok_or(ClientCertificateError::Malformed)?;
    fields.must_have_supported_key()?;
    Ok(SubjectPublicKeyInfoDer::from(fields.public_key))
}

impl HandshakeSignatures {
    /// Verifies the signature schemes of the crypto provider.
    pub(crate) fn new() -> Self {
        Self(aws_lc_rs::default_provider().signature_verification_algorithms)
    }

    /// Returns the signature schemes that can be verified.
    pub(crate) fn schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }

    /// Verifies a signature of TLS 1.2.
    ///
    /// Each algorithm of the scheme is tried: TLS 1.2 does not fix the curve (RFC 8422, section
    /// 5.1.1).
    pub(crate) fn verify_tls12(
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
    pub(crate) fn verify_tls13(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<(), Error> {
        verify_tls13_signature_with_raw_key(message, key, signature, &self.0).map(|_| ())
    }
}
