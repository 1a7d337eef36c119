//! One CA certificate of a client CA's file, checked before anybody is let in by it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use time::OffsetDateTime;
use webpki::{Cert, EndEntityCert, anchor_from_trusted_cert};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    Reason, SystemRoots, Warning, day::day, distinguished_name, fields::Fields, pem,
    settings::signatures,
};

/// One CA certificate, checked.
pub(super) struct Authority {
    /// Whether a chain may end at it; otherwise it builds paths to another of the file.
    pub(super) is_anchor: bool,
    /// The subject as text, to name the CA.
    pub(super) name: String,
    pub(super) anchor: TrustAnchor<'static>,
    /// How many intermediates may stand between it and a leaf; any number if none.
    pub(super) path_length: Option<u32>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) certificate: CertificateDer<'static>,
}

impl Authority {
    /// Reads the CA certificates in a PEM file; at least one, of which one at least is an anchor.
    pub(super) fn load_all(file: &Path, roots: &SystemRoots) -> anyhow::Result<Vec<Self>> {
        Self::check_all(&pem::certificates(file)?, roots)
            .with_context(|| file.display().to_string())
    }

    fn check_all(
        certificates: &[CertificateDer<'static>],
        roots: &SystemRoots,
    ) -> anyhow::Result<Vec<Self>> {
        let checked = certificates.iter().zip(1..);
        let checked = checked.map(|(der, number)| Self::check(der, number, roots));
        let mut all: Vec<_> = checked.collect::<Result<_, _>>()?;
        let anchors: Vec<_> = all.iter().map(|it| !it.is_below_another_of(&all)).collect();
        for (one, is_anchor) in all.iter_mut().zip(anchors) {
            one.is_anchor = is_anchor;
        }
        if all.iter().all(|it| !it.is_anchor) {
            bail!(
                "each certificate in it names another one in it as its issuer; \
                 add the self-signed certificate of the root"
            );
        }
        Ok(all)
    }

    /// Whether the issuer stands in the file. A name is enough, as for NGINX: a certificate whose
    /// issuer there did not sign it is no anchor. Only the new key of a CA, signed with the old
    /// one, has its own name for that of its issuer.
    fn is_below_another_of(&self, all: &[Self]) -> bool {
        let Some(own) = self.fields() else {
            return false;
        };
        let mut others = all.iter().filter_map(Self::fields);
        if own.issuer != own.subject {
            return others.any(|it| it.subject == own.issuer);
        }
        others.any(|it| {
            let is_another = it.subject == own.issuer && it.public_key != own.public_key;
            is_another && own.must_be_signed_with(it.public_key).is_ok()
        })
    }

    /// The fields of the certificate that its signatures need.
    pub(super) fn fields(&self) -> Option<Fields<'_>> {
        Fields::of(&self.certificate)
    }

    /// Refuses an anchor outside its own validity, as NGINX does.
    pub(super) fn must_be_valid(&self, now: OffsetDateTime) -> Result<(), Reason> {
        if now > self.not_after {
            return Err(Reason::CaExpired(self.not_after));
        }
        if now < self.not_before {
            return Err(Reason::CaNotYetValid(self.not_before));
        }
        Ok(())
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
            is_anchor: true,
            anchor: anchor.to_owned(),
            path_length: path_length(&parsed),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            certificate: der.clone(),
            name,
        })
    }

    /// Warns that the CA's own validity is over.
    pub(super) fn ended(&self, now: OffsetDateTime) -> Option<Warning> {
        let (name, ended) = (&self.name, day(self.not_after));
        (now > self.not_after).then(|| {
            Warning::new(format!(
                "the CA {name} ended on {ended}, so every certificate below it is refused; \
                 make a new one"
            ))
        })
    }

    /// Whether its key made this signature.
    pub(super) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let Ok(ca) = EndEntityCert::try_from(&self.certificate) else {
            return false;
        };
        signatures()
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
    if !roots.hold(ca).context("the system's root certificates")? {
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
