//! The system's root certificates.
//!
//! They serve three checks: browsers trust a site's certificate, so that HSTS is safe; a client CA
//! is no public CA; and a hub's certificate is trusted without `ca` and `pin`.

use std::{env, fs, io, path::Path, sync::OnceLock};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use tracing::warn;
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert, spki_for_anchor};

use super::crypto_provider::signature_algorithms;
use crate::file_access;

/// The system's root certificates, read on first use.
pub struct SystemRoots(OnceLock<Vec<TrustAnchor<'static>>>);

impl SystemRoots {
    /// Defers reading the system's roots, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// Reading them takes as long as the rest of a start.
    #[must_use]
    pub fn deferred() -> Self {
        Self(OnceLock::new())
    }

    /// Uses these certificates as the system's roots, without those that webpki cannot parse.
    #[must_use]
    pub fn from_certificates(certificates: &[CertificateDer<'_>]) -> Self {
        Self(OnceLock::from(Self::parse(certificates)))
    }

    /// Uses no roots: no certificate is publicly trusted.
    #[must_use]
    pub fn none() -> Self {
        Self::from_certificates(&[])
    }

    /// Returns the roots as rustls's store.
    ///
    /// # Errors
    /// The disk of the roots does not answer.
    pub(crate) fn store(&self) -> io::Result<RootCertStore> {
        let roots = self.anchors()?.to_vec();
        Ok(RootCertStore { roots })
    }

    fn anchors(&self) -> io::Result<&[TrustAnchor<'static>]> {
        if self.0.get().is_none() {
            self.0.set(Self::read()?).ok();
        }
        Ok(self.0.get().map_or(&[], Vec::as_slice))
    }

    /// Reports whether a server's chain, leaf first, ends at a root at that moment.
    ///
    /// A self-issued leaf is not trusted, and no root is read for it. No chain is trusted while the
    /// disk of the roots does not answer.
    pub(crate) fn trusts(&self, chain: &[CertificateDer<'_>], moment: UnixTime) -> bool {
        let Some((leaf, intermediates)) = chain.split_first() else {
            return false;
        };
        let Ok(leaf) = EndEntityCert::try_from(leaf) else {
            return false;
        };
        if leaf.subject() == leaf.issuer() {
            return false;
        }
        let Ok(anchors) = self.anchors() else {
            return false;
        };
        leaf.verify_for_usage(
            signature_algorithms(),
            anchors,
            intermediates,
            moment,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .is_ok()
    }

    /// Reports whether the CA is a root, or an intermediate that a root issued.
    ///
    /// # Errors
    /// The disk of the roots does not answer.
    pub(crate) fn is_public_ca(&self, ca: &Cert<'_>) -> io::Result<bool> {
        let key = ca.subject_public_key_info();
        let self_issued = ca.subject() == ca.issuer();
        Ok(self.anchors()?.iter().any(|root| {
            let subject: &[u8] = &root.subject;
            let same = subject == ca.subject() && spki_for_anchor(root) == key;
            same || !self_issued && subject == ca.issuer()
        }))
    }

    /// Reads the system's files; logs a warning for each damaged one.
    fn read() -> io::Result<Vec<TrustAnchor<'static>>> {
        let CertificateResult { certs, errors, .. } = native_certificates()?;
        for fault in errors {
            warn!("the system's root certificates: {fault}; correct that file");
        }
        let anchors = Self::parse(&certs);
        if anchors.is_empty() {
            warn!(
                "the system has no root certificates, so no certificate counts as publicly trusted \
                 and a public CA is not recognised; install ca-certificates"
            );
        }
        Ok(anchors)
    }

    fn parse(certificates: &[CertificateDer<'_>]) -> Vec<TrustAnchor<'static>> {
        let anchor = |der| Some(anchor_from_trusted_cert(der).ok()?.to_owned());
        certificates.iter().filter_map(anchor).collect()
    }
}

/// Folder of the system's roots on Debian.
const FOLDER: &str = "/etc/ssl/certs";
/// Environment variables that replace the folder.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Reads the system's root certificates; each file has its own deadline.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] if another thread waits for the folder without an answer.
pub(crate) fn native_certificates() -> io::Result<CertificateResult> {
    let named = VARIABLES.into_iter().find_map(env::var_os);
    let place = named.as_ref().map_or(Path::new(FOLDER), Path::new);
    let _access = file_access::begin(place)?;
    let entries = fs::read_dir(place).ok().filter(|_| named.is_none());
    let Some(entries) = entries else {
        return Ok(load_native_certs());
    };
    let mut found = CertificateResult::default();
    for entry in entries.flatten() {
        add(&mut found, &entry.path());
        file_access::answered();
    }
    found
        .certs
        .sort_unstable_by(|first, second| first.as_ref().cmp(second));
    found.certs.dedup();
    match found.certs.is_empty() {
        true => Ok(load_native_certs()),
        false => Ok(found),
    }
}

/// Adds the certificates of a file; skips folders and broken links.
fn add(found: &mut CertificateResult, path: &Path) {
    if path.is_file() {
        let CertificateResult { certs, errors, .. } = load_certs_from_paths(Some(path), None);
        found.certs.extend(certs);
        found.errors.extend(errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::model::Host,
        tls::{server::self_signed::SelfSigned, testing::TestCa},
    };

    fn is_read(roots: &SystemRoots) -> bool {
        roots.0.get().is_some()
    }

    #[test]
    fn a_self_issued_certificate_is_not_publicly_trusted_and_reads_no_roots() {
        let now = time::OffsetDateTime::now_utc();
        let generated = SelfSigned::generate(&[Host::Name("home.test".into())], now).unwrap();
        let roots = SystemRoots::deferred();
        assert!(!roots.trusts(
            std::slice::from_ref(&generated.certificate),
            UnixTime::now()
        ));
        assert!(!is_read(&roots));
        let roots = SystemRoots::from_certificates(std::slice::from_ref(&generated.certificate));
        assert!(!roots.trusts(&[generated.certificate], UnixTime::now()));
    }

    #[test]
    fn a_certificate_of_a_ca_reads_the_roots_once() {
        let issued = TestCa::new("Far").issue("home");
        let roots = SystemRoots::deferred();
        assert!(!roots.trusts(&issued.chain, UnixTime::now()));
        assert!(is_read(&roots));
        assert!(std::ptr::eq(
            roots.anchors().unwrap(),
            roots.anchors().unwrap()
        ));
    }
}
