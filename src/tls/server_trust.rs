//! Trust in the certificate of a hub: CAs, or one pinned certificate.
//!
//! A pinned certificate is compared byte for byte and nothing else of it is read but its key,
//! whose signature over the handshake is verified either way. What is refused becomes a
//! [`RefusedCertificate`], with words for people.

use std::{path::Path, sync::Arc};

use anyhow::{Context, bail};
use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    RefusedCertificate, SystemRoots,
    handshake_signature::{HandshakeSignatures, key},
    pem,
};
use crate::config::model::{Pin, Upstream};

/// Trust in the certificate of a hub.
#[derive(Debug)]
pub struct ServerTrust {
    anchors: Anchors,
    signatures: HandshakeSignatures,
}

#[derive(Debug)]
enum Anchors {
    /// These CAs, by the rules of webpki.
    Cas(Arc<WebPkiServerVerifier>),
    /// No CA at all.
    None,
    /// The certificate with this SHA-256.
    Pin([u8; 32]),
}

impl ServerTrust {
    /// The trust of an upstream: its pin, its CA, or the system's CAs.
    ///
    /// # Errors
    /// A file cannot be read or has no certificate.
    pub fn load(config: &Upstream, system: &SystemRoots) -> anyhow::Result<Self> {
        let anchors = match (&config.pin, &config.ca) {
            (Some(Pin::Sha256(hash)), _) => Anchors::Pin(*hash),
            (Some(Pin::File(file)), _) => Anchors::Pin(pinned(file).context("upstream.pin")?),
            (None, Some(ca)) => Anchors::of(cas(ca).context("upstream.ca")?)?,
            (None, None) => Anchors::of(system.store().context("the system's root certificates")?)?,
        };
        Ok(Self {
            anchors,
            signatures: HandshakeSignatures::new(),
        })
    }

    /// The configuration for connections with this trust, over HTTP/1.1.
    ///
    /// # Errors
    /// Never with the provider of the process.
    pub fn client_config(self) -> anyhow::Result<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(self))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl Anchors {
    fn of(roots: RootCertStore) -> anyhow::Result<Self> {
        if roots.is_empty() {
            return Ok(Self::None);
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Self::Cas(verifier.build()?))
    }
}

/// The certificates of a CA file.
fn cas(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in pem::certificates(file)? {
        let added = roots.add(certificate);
        added.with_context(|| format!("{}: a certificate in it is damaged", file.display()))?;
    }
    Ok(roots)
}

/// The SHA-256 of the only certificate in a file.
fn pinned(file: &Path) -> anyhow::Result<[u8; 32]> {
    match &pem::certificates_or_der(file)?[..] {
        [certificate] => Ok(sha256(certificate)),
        several => bail!(
            "{}: {} certificates in it; keep the hub's own only, which is the first as a rule",
            file.display(),
            several.len()
        ),
    }
}

fn sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, certificate).as_ref());
    hash
}

impl ServerCertVerifier for ServerTrust {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refused = |cause: &Error| {
            let refused = RefusedCertificate::new(leaf, name, cause, sha256(leaf));
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
        };
        // The engine reads the name of a certificate, and panics where it cannot.
        if X509Certificate::from_der(leaf).is_err() {
            return Err(refused(&CertificateError::BadEncoding.into()));
        }
        match &self.anchors {
            Anchors::Cas(verifier) => verifier
                .verify_server_cert(leaf, intermediates, name, ocsp, now)
                .map_err(|cause| refused(&cause)),
            Anchors::Pin(hash) if sha256(leaf) == *hash => Ok(ServerCertVerified::assertion()),
            Anchors::Pin(_) => Err(refused(&Error::General(NOT_PINNED.to_owned()))),
            Anchors::None => Err(refused(&CertificateError::UnknownIssuer.into())),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = key(leaf).map_err(unusable)?;
        self.signatures.verify_tls12(message, &key, signature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = key(leaf).map_err(unusable)?;
        self.signatures.verify_tls13(message, &key, signature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}

/// The cause of a certificate that is another than the pinned one.
pub(super) const NOT_PINNED: &str = "it is another than that of `pin`";

fn unusable(reason: super::Reason) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
}

#[cfg(test)]
mod tests;
