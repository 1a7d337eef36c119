//! The root certificates the system trusts.
//!
//! They answer three questions: does the public trust this certificate, so that HSTS is safe; is
//! this a public CA, which must never decide who is let in; and is a hub's certificate trusted that
//! has no CA of its own.

use std::{env, fs, io, path::Path, sync::OnceLock};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use tracing::warn;
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert, spki_for_anchor};

use super::settings::signatures;
use crate::file_access;

/// The root certificates the system trusts, as they were when first needed.
pub struct SystemRoots(OnceLock<Vec<TrustAnchor<'static>>>);

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
        Self(OnceLock::from(parse(certificates)))
    }

    /// The roots as rustls takes them.
    ///
    /// # Errors
    /// The disk of the roots does not answer.
    pub(super) fn store(&self) -> io::Result<RootCertStore> {
        let roots = self.anchors()?.to_vec();
        Ok(RootCertStore { roots })
    }

    fn anchors(&self) -> io::Result<&[TrustAnchor<'static>]> {
        if self.0.get().is_none() {
            self.0.set(read()?).ok();
        }
        Ok(self.0.get().map_or(&[], Vec::as_slice))
    }

    /// Whether the chain, leaf first, led to a root as a server's at that moment.
    ///
    /// A self-issued leaf does not, whatever the roots are, and no root is read for it. Nor does one
    /// while the disk of the roots does not answer.
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
        let Ok(anchors) = self.anchors() else {
            return false;
        };
        leaf.verify_for_usage(
            signatures(),
            anchors,
            intermediates,
            moment,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .is_ok()
    }

    /// Whether the CA is one of the roots, or an intermediate that names a root as its issuer.
    ///
    /// # Errors
    /// The disk of the roots does not answer.
    pub(super) fn hold(&self, ca: &Cert<'_>) -> io::Result<bool> {
        let key = ca.subject_public_key_info();
        let self_issued = ca.subject() == ca.issuer();
        Ok(self.anchors()?.iter().any(|root| {
            let subject: &[u8] = &root.subject;
            let same = subject == ca.subject() && spki_for_anchor(root) == key;
            same || !self_issued && subject == ca.issuer()
        }))
    }
}

/// Reads the system's files; the journal has a warning for each damaged one.
fn read() -> io::Result<Vec<TrustAnchor<'static>>> {
    let CertificateResult { certs, errors, .. } = native_certificates()?;
    for fault in errors {
        warn!("the system's root certificates: {fault}; correct that file");
    }
    let anchors = parse(&certs);
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

/// The folder of the system's roots, where it has one.
const FOLDER: &str = "/etc/ssl/certs";
/// Variables in the place of that folder.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The system's root certificates, each file of their folder within its deadline.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`] when another thread waits for them in vain.
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
        .sort_unstable_by(|one, other| one.as_ref().cmp(other));
    found.certs.dedup();
    match found.certs.is_empty() {
        true => Ok(load_native_certs()),
        false => Ok(found),
    }
}

/// Adds the certificates of a file; a folder, or a link to nothing, has none.
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
        assert!(std::ptr::eq(
            roots.anchors().unwrap(),
            roots.anchors().unwrap()
        ));
    }
}
