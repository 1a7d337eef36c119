//! Requests a client certificate and checks that the client has its key, nothing more.
//!
//! The handshake never fails because of the chain: the verdict is [`ClientCa::judge`]'s, given in
//! HTTP, where a person can read it. A key of a kind that cannot be checked proves nothing and
//! ends no handshake either: [`ClientChain`] refuses its certificate for good.
//!
//! [`ClientCa::judge`]: super::ClientCa::judge
//! [`ClientChain`]: super::ClientChain

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use super::handshake_signature::{HandshakeSignatures, key};

/// Requests a client certificate and checks that the client has its key.
#[derive(Debug)]
pub(super) struct Possession {
    subjects: Vec<DistinguishedName>,
    signatures: HandshakeSignatures,
}

/// Certificates in one message beyond which the handshake ends: real ones do not fit its 64 KiB
/// in that number, and rustls keeps each of them in memory of its own.
const MOST: usize = 512;

impl Possession {
    /// Names the CAs in the request: some apps choose their certificate by nothing else.
    pub(super) fn naming(subjects: Vec<DistinguishedName>) -> Self {
        Self {
            subjects,
            signatures: HandshakeSignatures::new(),
        }
    }
}

impl ClientCertVerifier for Possession {
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
        if others.len() >= MOST {
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
        if let Ok(key) = key(certificate) {
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
        if let Ok(key) = key(certificate) {
            self.signatures.verify_tls13(message, &key, signature)?;
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}
