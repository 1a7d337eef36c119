//! Requests a client certificate and checks that the client has its key, nothing more.
//!
//! The handshake never fails because of the chain: the verdict is [`ClientCa::judge`]'s, given in
//! HTTP, where a person can read it. A key of a kind that cannot be checked proves nothing and
//! ends no handshake either: [`ClientChain`] refuses its certificate for good.
//!
//! [`ClientCa::judge`]: super::ClientCa::judge
//! [`ClientChain`]: super::ClientChain

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use webpki::{Error as Fault, RawPublicKeyEntity};

use super::{Reason, fields::Fields};

/// Requests a client certificate and checks that the client has its key.
#[derive(Debug)]
pub(super) struct Possession {
    subjects: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Certificates in one message beyond which the handshake ends: real ones do not fit its 64 KiB
/// in that number, and rustls keeps each of them in memory of its own.
const MOST: usize = 512;

/// The key with which the client has to sign.
///
/// # Errors
/// Why no signature of it could be checked.
pub(super) fn key<'a>(leaf: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, Reason> {
    let fields = Fields::of(leaf).ok_or(Reason::Malformed)?;
    fields.must_have_known_key()?;
    Ok(SubjectPublicKeyInfoDer::from(fields.public_key))
}

impl Possession {
    /// Names the CAs in the request: some apps choose their certificate by nothing else.
    pub(super) fn naming(subjects: Vec<DistinguishedName>) -> Self {
        Self {
            subjects,
            algorithms: aws_lc_rs::default_provider().signature_verification_algorithms,
        }
    }

    /// Any algorithm of the scheme will do: TLS 1.2 leaves the curve open (RFC 8422, 5.1.1).
    fn verify(
        &self,
        message: &[u8],
        key: &SubjectPublicKeyInfoDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<(), Error> {
        let bad = |_| Error::InvalidCertificate(CertificateError::BadSignature);
        let key = RawPublicKeyEntity::try_from(key).map_err(bad)?;
        let mut schemes = self.algorithms.mapping.iter();
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
            self.verify(message, &key, signature)?;
        }
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match key(certificate) {
            Ok(key) => {
                verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
            }
            Err(_) => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
