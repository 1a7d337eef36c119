//! One CA certificate of a client CA's file, checked before anybody is let in by it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use time::OffsetDateTime;
use webpki::{Cert, EndEntityCert, anchor_from_trusted_cert};
use x509_parser::{
    certificate::X509Certificate, prelude::FromDer, revocation_list::CertificateRevocationList,
};

use super::{SystemRoots, Warning, day::day, distinguished_name, pem, settings::signatures};

/// One CA certificate, checked.
pub(super) struct Authority {
    /// The subject as text, to name the CA.
    pub(super) name: String,
    pub(super) anchor: TrustAnchor<'static>,
    /// How many intermediates may stand between it and a leaf; any number if none.
    pub(super) path_length: Option<u32>,
    not_after: OffsetDateTime,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// Reads the CA certificates in a PEM file; at least one.
    pub(super) fn load_all(file: &Path, roots: &SystemRoots) -> anyhow::Result<Vec<Self>> {
        pem::certificates(file)?
            .iter()
            .zip(1..)
            .map(|(der, number)| Self::check(der, number, roots))
            .collect::<Result<_, _>>()
            .with_context(|| file.display().to_string())
    }

    fn check(
        der: &CertificateDer<'static>,
        number: usize,
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let damaged = |fault: &dyn std::fmt::Display| {
            anyhow!("certificate {number} in it is damaged ({fault}); get the file again")
        };
        let (_, parsed) = X509Certificate::from_der(der).map_err(|fault| damaged(&fault))?;
        let name = distinguished_name::text(parsed.subject());
        must_sign(&parsed, &name)?;
        let known = EndEntityCert::try_from(der).map_err(|fault| damaged(&fault))?;
        must_be_private(&known, &name, roots)?;
        let anchor = anchor_from_trusted_cert(der).map_err(|fault| damaged(&fault))?;
        Ok(Self {
            anchor: anchor.to_owned(),
            path_length: path_length(&parsed),
            not_after: parsed.validity().not_after.to_datetime(),
            certificate: der.clone(),
            name,
        })
    }

    /// Tells that the CA's own validity is over; what it signed is still taken.
    pub(super) fn ended(&self, now: OffsetDateTime) -> Option<Warning> {
        let (name, ended) = (&self.name, day(self.not_after));
        (now > self.not_after).then(|| {
            Warning::new(format!(
                "the CA {name} ended on {ended}, and is still used; make a new one"
            ))
        })
    }

    /// Whether the list is this CA's: in its name, and signed with its key.
    pub(super) fn signed(&self, list: &CertificateRevocationList<'_>) -> bool {
        let Ok(ca) = EndEntityCert::try_from(&self.certificate) else {
            return false;
        };
        let Ok((_, parsed)) = X509Certificate::from_der(&self.certificate) else {
            return false;
        };
        let (text, signature) = (list.tbs_cert_list.as_ref(), &list.signature_value.data);
        list.issuer().as_raw() == parsed.subject().as_raw()
            && signatures()
                .iter()
                .any(|algorithm| ca.verify_signature(*algorithm, text, signature).is_ok())
    }
}

/// Basic constraints and key usage must both say that this key signs certificates.
fn must_sign(certificate: &X509Certificate<'_>, name: &str) -> anyhow::Result<()> {
    let usage = certificate.key_usage().ok().flatten();
    if certificate.is_ca() && usage.is_none_or(|usage| usage.value.key_cert_sign()) {
        return Ok(());
    }
    bail!(
        "{name} is no CA (CA:FALSE, or no keyCertSign); \
         name the certificate of the CA that signs your devices' certificates"
    )
}

fn must_be_private(ca: &Cert<'_>, name: &str, roots: &SystemRoots) -> anyhow::Result<()> {
    if !roots.hold(ca) {
        return Ok(());
    }
    bail!(
        "{name} is a public CA, one of the system's root certificates or issued by one; \
         it would let in everybody with a certificate of it; name a CA of your own, and \
         keep that out of the system's root certificates"
    )
}

fn path_length(certificate: &X509Certificate<'_>) -> Option<u32> {
    let constraints = certificate.basic_constraints().ok().flatten()?;
    constraints.value.path_len_constraint
}
