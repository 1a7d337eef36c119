//! One CA certificate of a client CA's file, checked before any chain is validated with it.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use time::OffsetDateTime;
use webpki::{EndEntityCert, anchor_from_trusted_cert};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::tls::{
    ClientCertificateError, SystemRoots, Warning,
    x509::{
        certificate_fields::CertificateFields, crypto_provider::signature_algorithms, date::date,
        distinguished_name::NameText, pem::Pem,
    },
};

/// A CA certificate of a client CA's file.
pub(crate) struct Ca {
    /// True for a trust anchor, at which a path ends; false for an intermediate of the file.
    pub(crate) is_anchor: bool,
    /// The subject as text.
    pub(crate) name: String,
    pub(crate) anchor: TrustAnchor<'static>,
    /// Most intermediates between it and a leaf (pathLenConstraint); `None` is unlimited.
    pub(crate) path_length: Option<u32>,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    pub(crate) certificate: CertificateDer<'static>,
}

/// A certificate of the file that is not checked yet.
struct Unchecked<'a> {
    der: &'a CertificateDer<'static>,
    parsed: X509Certificate<'a>,
    name: String,
    /// Position in the file, from 1.
    number: usize,
}

impl Ca {
    /// Loads the CA certificates of a PEM file; at least one of them is a trust anchor.
    pub(crate) fn load_all(file: &Path, roots: &SystemRoots) -> anyhow::Result<Vec<Self>> {
        Self::check_all(&Pem::load(file)?.certificates()?, roots)
            .with_context(|| file.display().to_string())
    }

    fn check_all(
        certificates: &[CertificateDer<'static>],
        roots: &SystemRoots,
    ) -> anyhow::Result<Vec<Self>> {
        let numbered = certificates.iter().zip(1..);
        let checked = numbered.map(|(der, number)| Unchecked::parse(der, number)?.check(roots));
        let mut cas: Vec<_> = checked.collect::<Result<_, _>>()?;
        let anchors: Vec<_> = cas.iter().map(|ca| !ca.is_below_another_of(&cas)).collect();
        for (ca, is_anchor) in cas.iter_mut().zip(anchors) {
            ca.is_anchor = is_anchor;
        }
        if cas.iter().all(|ca| !ca.is_anchor) {
            bail!(
                "each certificate in it names another one in it as its issuer; \
                 add the self-signed certificate of the root"
            );
        }
        Ok(cas)
    }

    /// Reports whether the file has the issuer.
    ///
    /// The issuer's name suffices, as in NGINX: a certificate that this issuer did not sign is no
    /// anchor either. A new key of a CA, signed with the old one, has itself as issuer name; there
    /// the signature decides.
    fn is_below_another_of(&self, cas: &[Self]) -> bool {
        let Some(own) = self.fields() else {
            return false;
        };
        let mut others = cas.iter().filter_map(Self::fields);
        if own.issuer != own.subject {
            return others.any(|other| other.subject == own.issuer);
        }
        others.any(|other| {
            let is_another = other.subject == own.issuer && other.public_key != own.public_key;
            is_another && own.must_be_signed_with(other.public_key).is_ok()
        })
    }

    /// Returns the fields of the certificate that signature checks need.
    pub(crate) fn fields(&self) -> Option<CertificateFields<'_>> {
        CertificateFields::parse(&self.certificate)
    }

    /// Refuses an anchor outside its validity period, as NGINX does.
    pub(crate) fn must_be_valid(&self, now: OffsetDateTime) -> Result<(), ClientCertificateError> {
        if now > self.not_after {
            return Err(ClientCertificateError::CaExpired(self.not_after));
        }
        if now < self.not_before {
            return Err(ClientCertificateError::CaNotYetValid(self.not_before));
        }
        Ok(())
    }

    /// Warns of an expired CA certificate.
    pub(crate) fn expired(&self, now: OffsetDateTime) -> Option<Warning> {
        let (name, ended) = (&self.name, date(self.not_after));
        (now > self.not_after).then(|| {
            Warning::new(format!(
                "the CA {name} ended on {ended}, so every certificate below it is refused; \
                 make a new one"
            ))
        })
    }

    /// Verifies a signature with the CA's key.
    pub(crate) fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let Ok(ca) = EndEntityCert::try_from(&self.certificate) else {
            return false;
        };
        signature_algorithms()
            .iter()
            .any(|algorithm| ca.verify_signature(*algorithm, text, signature).is_ok())
    }
}

impl<'a> Unchecked<'a> {
    fn parse(der: &'a CertificateDer<'static>, number: usize) -> anyhow::Result<Self> {
        let parsed = X509Certificate::from_der(der);
        let (_, parsed) = parsed.map_err(|fault| damaged(number, &fault))?;
        Ok(Self {
            der,
            name: NameText(parsed.subject()).to_string(),
            parsed,
            number,
        })
    }

    fn check(self, roots: &SystemRoots) -> anyhow::Result<Ca> {
        self.must_sign_certificates()?;
        self.must_be_private(roots)?;
        let anchor = anchor_from_trusted_cert(self.der);
        let validity = self.parsed.validity();
        Ok(Ca {
            is_anchor: true,
            anchor: anchor
                .map_err(|fault| damaged(self.number, &fault))?
                .to_owned(),
            path_length: self.path_length(),
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
            certificate: self.der.clone(),
            name: self.name,
        })
    }

    /// Requires cA in the basic constraints, and keyCertSign where there is a key usage.
    fn must_sign_certificates(&self) -> anyhow::Result<()> {
        let usage = self.parsed.key_usage().ok().flatten();
        if self.parsed.is_ca() && usage.is_none_or(|usage| usage.value.key_cert_sign()) {
            return Ok(());
        }
        bail!(
            "{} is no CA (CA:FALSE, or no keyCertSign); \
             name the certificate of the CA that signs your devices' certificates",
            self.name
        )
    }

    /// Refuses a public CA: each holder of one of its certificates would be admitted.
    fn must_be_private(&self, roots: &SystemRoots) -> anyhow::Result<()> {
        let ca = EndEntityCert::try_from(self.der).map_err(|fault| damaged(self.number, &fault))?;
        if !roots
            .is_public_ca(&ca)
            .context("the system's root certificates")?
        {
            return Ok(());
        }
        bail!(
            "{} is a public CA, one of the system's root certificates or issued by one; \
             it would admit every holder of one of its certificates; name a CA of your own, and \
             keep that out of the system's root certificates",
            self.name
        )
    }

    fn path_length(&self) -> Option<u32> {
        let constraints = self.parsed.basic_constraints().ok().flatten()?;
        constraints.value.path_len_constraint
    }
}

fn damaged(number: usize, fault: &dyn std::fmt::Display) -> anyhow::Error {
    anyhow!("certificate {number} in it is damaged ({fault}); get the file again")
}
