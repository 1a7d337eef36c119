//! The file of `ssl_client_certificate`, in which NGINX requires the chain up to its root.
//!
//! hubgate accepts a CA without its issuer in the file as an anchor, and would admit devices that
//! NGINX refuses.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::nginx::{
    model::server::{Kind, Server},
    read::files::Files,
    report::Report,
};

impl Server<'_> {
    /// Stops where the file of client CAs contains a CA without its issuer.
    pub(crate) fn check_client_ca(&self, files: &dyn Files, report: &mut Report) {
        let verify = self.levels.inherited("ssl_verify_client");
        let verifies = verify.is_some_and(|verify| !verify.parameter_is("off"));
        if self.kind != Kind::Proxy || !self.has_tls() || !verifies {
            return;
        }
        let Some(directive) = self.levels.inherited_file("ssl_client_certificate") else {
            return;
        };
        // A file that cannot be read stops the start of both.
        let Ok(text) = files.read(directive.parameter().as_ref()) else {
            return;
        };
        if let Some((name, issuer)) = ca_without_issuer(&text) {
            report.stop(
                directive,
                format!(
                    "{name} was issued by {issuer}, and the certificate of that CA is not in this file: NGINX then refuses every device of it, and \
                     hubgate would admit them. Add the certificate of {issuer} to the file, or remove that of {name}"
                ),
            );
        }
    }
}

/// Returns the names of a CA and of its issuer, the certificate of which is missing in the text.
fn ca_without_issuer(text: &str) -> Option<(String, String)> {
    let certificates = CertificateDer::pem_slice_iter(text.as_bytes()).flatten();
    let certificates: Vec<_> = certificates.collect();
    let parsed = certificates
        .iter()
        .map(|der| X509Certificate::from_der(der));
    let parsed: Vec<_> = parsed
        .flatten()
        .map(|(_, certificate)| certificate)
        .collect();
    let has_subject = |issuer: &[u8]| {
        let mut subjects = parsed.iter().map(|other| other.subject().as_raw());
        subjects.any(|subject| subject == issuer)
    };
    let mut all = parsed.iter();
    let found = all.find(|certificate| !has_subject(certificate.issuer().as_raw()))?;
    Some((found.subject().to_string(), found.issuer().to_string()))
}
