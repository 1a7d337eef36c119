//! The root certificates the system trusts.
//!
//! They answer three questions: does the public trust this certificate, so that HSTS is safe; is
//! this a public CA, which must never decide who is let in; and is a hub's certificate trusted that
//! has no CA of its own.

use std::{env, fs, io, path::Path};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use webpki::{Cert, EndEntityCert, KeyUsage, anchor_from_trusted_cert, spki_for_anchor};

use super::{Warning, settings::signatures};
use crate::file_access;

/// The root certificates the system trusts, as they were when loaded.
pub struct SystemRoots {
    anchors: Vec<TrustAnchor<'static>>,
    warnings: Vec<Warning>,
}

impl SystemRoots {
    /// Reads the system's roots, or those `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    ///
    /// A file that is damaged becomes a warning.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the disk that they are on does not answer.
    pub fn load() -> io::Result<Self> {
        let CertificateResult { certs, errors, .. } = native_certificates()?;
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
        Ok(roots)
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
