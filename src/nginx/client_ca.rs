//! The file of `ssl_client_certificate`: NGINX follows a chain to a self-issued root, or refuses it.
//!
//! hubgate takes a CA whose issuer is not in the file for an anchor, and so would let in devices
//! that NGINX refuses.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    directive::Directive,
    files::Files,
    report::Report,
    server::{Kind, Server},
};

/// Stops where a CA in the file has its issuer neither in itself nor in the file.
pub(super) fn check(files: &dyn Files, servers: &[Server<'_>], report: &mut Report) {
    let hubs = servers
        .iter()
        .filter(|it| it.kind == Kind::Hubs && it.has_tls());
    let asking = hubs.filter(|it| {
        let verify = it.levels.one("ssl_verify_client");
        verify.is_some_and(|verify| !verify.is("off"))
    });
    let named = asking.filter_map(|it| it.levels.file("ssl_client_certificate"));
    named.for_each(|directive| file(files, directive, report));
}

fn file(files: &dyn Files, directive: &Directive, report: &mut Report) {
    // A file that cannot be read stops the start of both.
    let Ok(text) = files.read(directive.word().as_ref()) else {
        return;
    };
    if let Some((name, issuer)) = without_issuer(&text) {
        report.stop(
            directive,
            format!(
                "{name} was issued by {issuer}, whose certificate is not in this file: NGINX then refuses every device of it, and \
                 hubgate would let them in. Add the certificate of {issuer} to the file, or remove that of {name}"
            ),
        );
    }
}

/// The names of a CA in the text and of its issuer, which is not there.
fn without_issuer(text: &str) -> Option<(String, String)> {
    let certificates = CertificateDer::pem_slice_iter(text.as_bytes()).flatten();
    let certificates: Vec<_> = certificates.collect();
    let parsed = certificates
        .iter()
        .map(|der| X509Certificate::from_der(der));
    let parsed: Vec<_> = parsed
        .flatten()
        .map(|(_, certificate)| certificate)
        .collect();
    let is_there = |issuer: &[u8]| parsed.iter().any(|it| it.subject().as_raw() == issuer);
    let lacking = parsed.iter().find(|it| !is_there(it.issuer().as_raw()))?;
    let names = (lacking.subject().to_string(), lacking.issuer().to_string());
    Some(names)
}
