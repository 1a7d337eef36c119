//! The root certificates that a client trusts: the system's, and those of a private CA.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::{
    regular_file,
    tls::{native_certificates, pem_in_words},
};

/// Loads the system's root certificates, and those of a PEM file.
pub(super) fn load(file: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // `tls` loads the same files and reports faults in single ones.
    roots.add_parsable_certificates(native_certificates()?.certs);
    if let Some(file) = file {
        add_file(&mut roots, file).with_context(|| file.display().to_string())?;
    }
    Ok(roots)
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> anyhow::Result<()> {
    let unreadable = "cannot be read as PEM; give the root certificate of the CA";
    let text = regular_file::read(file).context(unreadable)?;
    let certificates = CertificateDer::pem_slice_iter(&text);
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|fault| {
        let fault = pem_in_words(&fault);
        anyhow!("cannot be read as PEM ({fault}); give the root certificate of the CA")
    })?;
    if certificates.is_empty() {
        bail!("no certificate in it; give a PEM file with BEGIN CERTIFICATE");
    }
    for certificate in certificates {
        roots
            .add(certificate)
            .context("a certificate in it is not a root; give the root certificate of the CA")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::testing::{Folder, TestCa};

    #[test]
    fn a_file_without_a_root_certificate_is_named_in_the_error() {
        let folder = Folder::new();
        let empty = folder.write("empty.pem", "");
        let text = format!("{:#}", load(Some(&empty)).unwrap_err());
        assert!(text.contains("empty.pem: no certificate"), "{text}");
        let missing = format!("{:#}", load(Some(&folder.path("missing.pem"))).unwrap_err());
        assert!(missing.contains("missing.pem: cannot be read"), "{missing}");
    }

    #[test]
    fn a_private_root_is_added() {
        let folder = Folder::new();
        let root = folder.write("root.pem", TestCa::new("home").certificate.pem());
        assert_eq!(
            load(Some(&root)).unwrap().len(),
            load(None).unwrap().len() + 1
        );
    }
}
