//! The root certificates the system trusts.
//!
//! They answer three questions: does the public trust this certificate, so that HSTS is safe; is
//! this a public CA, which must never decide who is let in; and is a hub's certificate trusted that
//! has no CA of its own.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use rustls_native_certs::CertificateResult;
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert, spki_for_anchor};

use super::{Warning, settings::signatures};

/// The root certificates the system trusts, as they were when loaded.
pub struct SystemRoots {
    anchors: Vec<TrustAnchor<'static>>,
    warnings: Vec<Warning>,
}

impl SystemRoots {
    /// Reads the system's roots, or those `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    ///
    /// What cannot be read becomes a warning.
    #[must_use]
    pub fn load() -> Self {
        let CertificateResult { certs, errors, .. } = rustls_native_certs::load_native_certs();
        let mut roots = Self::from_certificates(&certs);
        roots.warnings.extend(errors.iter().map(|fault| {
            Warning::new(format!(
                "the system's root certificates: {fault}; correct that file"
            ))
        }));
        if roots.anchors.is_empty() {
            roots.warnings.push(Warning::new(
                "the system has no root certificates, so no certificate counts as publicly \
                 trusted and a public CA is not recognised; install ca-certificates",
            ));
        }
        roots
    }

    /// Takes the given certificates for the system's roots; those webpki cannot read are left out.
    #[must_use]
    pub fn from_certificates(certificates: &[CertificateDer<'_>]) -> Self {
        let anchors = certificates
            .iter()
            .filter_map(|certificate| Some(anchor_from_trusted_cert(certificate).ok()?.to_owned()))
            .collect();
        Self {
            anchors,
            warnings: Vec::new(),
        }
    }

    /// What was wrong when the roots were loaded.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The roots as rustls takes them.
    pub(super) fn store(&self) -> RootCertStore {
        RootCertStore {
            roots: self.anchors.clone(),
        }
    }

    /// Whether the chain, leaf first, led to a root as a server's at that moment.
    pub(super) fn trust(&self, chain: &[CertificateDer<'_>], moment: UnixTime) -> bool {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return false;
        };
        let Ok(leaf) = EndEntityCert::try_from(leaf) else {
            return false;
        };
        leaf.verify_for_usage(
            signatures(),
            &self.anchors,
            intermediates,
            moment,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .is_ok()
    }

    /// Whether the CA is one of the roots, or an intermediate that names a root as its issuer.
    pub(super) fn hold(&self, ca: &Cert<'_>) -> bool {
        let key = ca.subject_public_key_info();
        let self_issued = ca.subject() == ca.issuer();
        self.anchors.iter().any(|root| {
            let subject: &[u8] = &root.subject;
            let same = subject == ca.subject() && spki_for_anchor(root) == key;
            same || !self_issued && subject == ca.issuer()
        })
    }
}
