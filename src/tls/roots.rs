//! The root certificates the system trusts.
//!
//! They answer three questions: does the public trust this certificate, so that HSTS is safe; is
//! this a public CA, which must never decide who is let in; and is a hub's certificate trusted that
//! has no CA of its own.

use std::sync::OnceLock;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use rustls_native_certs::CertificateResult;
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert, spki_for_anchor};

use super::{Warning, settings::signatures};

/// The root certificates the system trusts, as they were when first needed.
pub struct SystemRoots(OnceLock<Loaded>);

/// The roots once they are read.
struct Loaded {
    anchors: Vec<TrustAnchor<'static>>,
    warnings: Vec<Warning>,
}

impl SystemRoots {
    /// The system's roots, or those `SSL_CERT_FILE` and `SSL_CERT_DIR` name, read on first use.
    ///
    /// Reading takes as long as the rest of a start.
    #[must_use]
    pub fn deferred() -> Self {
        Self(OnceLock::new())
    }

    /// Takes the given certificates for the system's roots; those webpki cannot read are left out.
    #[must_use]
    pub fn from_certificates(certificates: &[CertificateDer<'_>]) -> Self {
        Self(OnceLock::from(Loaded::parse(certificates)))
    }

    /// Faults of the system's files, once the roots are read.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.0.get().map_or(&[], |loaded| &loaded.warnings)
    }

    /// The roots as rustls takes them.
    pub(super) fn store(&self) -> RootCertStore {
        RootCertStore {
            roots: self.anchors().to_vec(),
        }
    }

    fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0.get_or_init(Loaded::read).anchors
    }

    /// Whether the chain, leaf first, led to a root as a server's at that moment.
    ///
    /// A self-issued leaf does not, whatever the roots are, and no root is read for it.
    pub(super) fn trust(&self, chain: &[CertificateDer<'_>], moment: UnixTime) -> bool {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return false;
        };
        let Ok(leaf) = EndEntityCert::try_from(leaf) else {
            return false;
        };
        if leaf.subject() == leaf.issuer() {
            return false;
        }
        leaf.verify_for_usage(
            signatures(),
            self.anchors(),
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
        self.anchors().iter().any(|root| {
            let subject: &[u8] = &root.subject;
            let same = subject == ca.subject() && spki_for_anchor(root) == key;
            same || !self_issued && subject == ca.issuer()
        })
    }
}

impl Loaded {
    /// Reads the system's files; what cannot be read becomes a warning.
    fn read() -> Self {
        let CertificateResult { certs, errors, .. } = rustls_native_certs::load_native_certs();
        let mut loaded = Self::parse(&certs);
        loaded.warnings.extend(errors.iter().map(|fault| {
            Warning::new(format!(
                "the system's root certificates: {fault}; correct that file"
            ))
        }));
        if loaded.anchors.is_empty() {
            loaded.warnings.push(Warning::new(
                "the system has no root certificates, so no certificate counts as publicly \
                 trusted and a public CA is not recognised; install ca-certificates",
            ));
        }
        loaded
    }

    fn parse(certificates: &[CertificateDer<'_>]) -> Self {
        let anchors = certificates
            .iter()
            .filter_map(|certificate| Some(anchor_from_trusted_cert(certificate).ok()?.to_owned()))
            .collect();
        Self {
            anchors,
            warnings: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::model::Host,
        tls::{self_signed::SelfSigned, testing::TestCa},
    };

    fn is_read(roots: &SystemRoots) -> bool {
        roots.0.get().is_some()
    }

    #[test]
    fn a_self_issued_certificate_is_not_publicly_trusted_and_reads_no_roots() {
        let now = time::OffsetDateTime::now_utc();
        let made = SelfSigned::make(&[Host::Name("home.test".into())], now).unwrap();
        let roots = SystemRoots::deferred();
        assert!(!roots.trust(std::slice::from_ref(&made.certificate), UnixTime::now()));
        assert!(!is_read(&roots));
        let roots = SystemRoots::from_certificates(std::slice::from_ref(&made.certificate));
        assert!(!roots.trust(&[made.certificate], UnixTime::now()));
    }

    #[test]
    fn a_certificate_of_a_ca_reads_the_roots_once() {
        let issued = TestCa::new("Far").issue("home");
        let roots = SystemRoots::deferred();
        assert!(!roots.trust(&issued.chain, UnixTime::now()));
        assert!(is_read(&roots));
        assert!(std::ptr::eq(roots.anchors(), roots.anchors()));
    }
}
