//! Requests a client certificate and verifies only that the client holds its private key.
//!
//! The handshake never fails because of the chain: [`ClientCa::validate`] checks it later, and an
//! HTTP response names the reason of a refusal. An unsupported kind of key does not fail the
//! handshake either: [`ClientChain`] refuses its certificate.
//!
//! [`ClientCa::validate`]: crate::tls::ClientCa::validate
//! [`ClientChain`]: crate::tls::ClientChain

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::tls::x509::handshake_signature::{HandshakeSignatures, handshake_key};

/// Requests a client certificate and verifies that the client holds its private key.
#[derive(Debug)]
pub(crate) struct KeyPossessionVerifier {
    subjects: Vec<DistinguishedName>,
    signatures: HandshakeSignatures,
}

/// Most certificates in one message; a longer one fails the handshake.
///
/// Real certificates in that number exceed the 64 KiB of a message, and rustls allocates each one.
const MAX_CERTIFICATES: usize = 512;

impl KeyPossessionVerifier {
    /// Names these CAs in the request; some clients select their certificate by them only.
    pub(crate) fn new(subjects: Vec<DistinguishedName>) -> Self {
        Self {
            subjects,
            signatures: HandshakeSignatures::new(),
        }
    }
}

impl ClientCertVerifier for KeyPossessionVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if others.len() >= MAX_CERTIFICATES {
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Ok(key) = handshake_key(certificate) {
            self.signatures.verify_tls12(message, &key, signature)?;
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Ok(key) = handshake_key(certificate) {
            self.signatures.verify_tls13(message, &key, signature)?;
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}
