//! Verification of an upstream's certificate: by CAs, or by one pinned certificate.
//!
//! A pinned certificate is compared byte for byte. The handshake signature is verified in both
//! cases. A refusal becomes a [`RefusedCertificate`].

use std::{path::Path, sync::Arc};

use anyhow::{Context, bail};
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

use super::refused_certificate::NOT_PINNED;
use crate::{
    config::model::{Pin, Upstream},
    tls::{
        RefusedCertificate, SystemRoots,
        x509::{
            handshake_signature::{HandshakeSignatures, handshake_key},
            pem::Pem,
            sha256::sha256,
        },
    },
};

/// Verifies the certificate of a hub.
#[derive(Debug)]
pub struct ServerTrust {
    anchors: Anchors,
    signatures: HandshakeSignatures,
}

/// The trust anchors of an upstream.
#[derive(Debug)]
enum Anchors {
    /// These CAs, verified by webpki.
    Cas(Arc<WebPkiServerVerifier>),
    /// No CA at all.
    None,
    /// Only the certificate with this SHA-256.
    Pin([u8; 32]),
}

impl ServerTrust {
    /// Loads the trust anchors of an upstream: its pin, its CA, or the system's CAs.
    ///
    /// # Errors
    /// A file cannot be read or has no certificate.
    pub fn load(config: &Upstream, system: &SystemRoots) -> anyhow::Result<Self> {
        let anchors = match (&config.pin, &config.ca) {
            (Some(Pin::Sha256(hash)), _) => Anchors::Pin(*hash),
            (Some(Pin::File(file)), _) => Anchors::load_pin(file).context("upstream.pin")?,
            (None, Some(ca)) => Anchors::from_roots(load_roots(ca).context("upstream.ca")?)?,
            (None, None) => {
                let roots = system.store().context("the system's root certificates")?;
                Anchors::from_roots(roots)?
            }
        };
        Ok(Self {
            anchors,
            signatures: HandshakeSignatures::new(),
        })
    }

    /// Builds the client configuration, with HTTP/1.1 in ALPN.
    ///
    /// # Errors
    /// None with the provider of the process.
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
    fn from_roots(roots: RootCertStore) -> anyhow::Result<Self> {
        if roots.is_empty() {
            return Ok(Self::None);
        }
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Self::Cas(verifier.build()?))
    }

    /// Loads a pin from a file with exactly one certificate.
    fn load_pin(file: &Path) -> anyhow::Result<Self> {
        match &Pem::load(file)?.certificates_or_der()?[..] {
            [certificate] => Ok(Self::Pin(sha256(certificate))),
            several => bail!(
                "{}: {} certificates in it; keep the hub's own only, which is the first as a rule",
                file.display(),
                several.len()
            ),
        }
    }
}

/// Loads the certificates of a CA file.
fn load_roots(file: &Path) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in Pem::load(file)?.certificates()? {
        let added = roots.add(certificate);
        added.with_context(|| format!("{}: a certificate in it is damaged", file.display()))?;
    }
    Ok(roots)
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
        // Pingora parses the subject of a certificate, and panics if that fails.
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
        let key = handshake_key(leaf).map_err(unusable)?;
        self.signatures.verify_tls12(message, &key, signature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = handshake_key(leaf).map_err(unusable)?;
        self.signatures.verify_tls13(message, &key, signature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.schemes()
    }
}

fn unusable(reason: crate::tls::ClientCertificateError) -> Error {
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
}

#[cfg(test)]
mod tests;
