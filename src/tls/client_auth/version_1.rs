//! Validation of client certificates of X.509 version 1, for sites with `any_use`.
//!
//! webpki reads version 3 only. Version 1 has no extensions that limit its use, so such a
//! certificate is accepted only as an end-entity certificate directly below a trust anchor.

use std::time::SystemTime;

use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, x509::X509Version};

use super::{
    ca::Ca, path_building::PathCandidates, revocation_list::must_not_be_revoked,
    trust_store::TrustStore,
};
use crate::tls::{ClientCertificateError, x509::certificate_fields::CertificateFields};

/// A certificate of version 1, and the input of its validation.
pub(crate) struct VersionOneCertificate<'a> {
    pub(crate) trust: &'a TrustStore,
    pub(crate) parsed: &'a X509Certificate<'a>,
    pub(crate) fields: &'a CertificateFields<'a>,
    pub(crate) now: SystemTime,
}

impl VersionOneCertificate<'_> {
    /// Validates the certificate; returns the issuer's SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// The reason why the certificate is not accepted.
    pub(crate) fn verify(
        &self,
        path: &PathCandidates<'_>,
    ) -> Result<Vec<u8>, ClientCertificateError> {
        self.must_be_end_entity()?;
        self.must_be_valid()?;
        let now = OffsetDateTime::from(self.now);
        let mut fault = ClientCertificateError::OtherCa;
        for anchor in &path.anchors {
            match self.issuer_key(anchor, now) {
                Ok(key) => return Ok(key),
                Err(reason) => fault = reason,
            }
        }
        Err(fault)
    }

    /// Refuses other versions, and certificates with the name or key of a CA.
    fn must_be_end_entity(&self) -> Result<(), ClientCertificateError> {
        let (parsed, fields) = (self.parsed, self.fields);
        if parsed.version() != X509Version::V1 || !parsed.extensions().is_empty() {
            return Err(ClientCertificateError::OldVersion);
        }
        let mut cas = self.trust.cas.iter().filter_map(Ca::fields);
        let is_ca =
            cas.any(|ca| ca.public_key == fields.public_key || ca.subject == fields.subject);
        match is_ca || fields.subject == fields.issuer {
            true => Err(ClientCertificateError::IsCa),
            false => Ok(()),
        }
    }

    fn must_be_valid(&self) -> Result<(), ClientCertificateError> {
        let (now, validity) = (OffsetDateTime::from(self.now), self.parsed.validity());
        let (begins, ends) = (
            validity.not_before.to_datetime(),
            validity.not_after.to_datetime(),
        );
        match (now < begins, now > ends) {
            (true, _) => Err(ClientCertificateError::NotYetValid(begins)),
            (_, true) => Err(ClientCertificateError::Expired(ends)),
            _ => Ok(()),
        }
    }

    /// Returns the key of this anchor if it signed the certificate and did not revoke it.
    fn issuer_key(
        &self,
        anchor: &Ca,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, ClientCertificateError> {
        let ca = anchor.fields().ok_or(ClientCertificateError::OtherCa)?;
        if ca.subject != self.fields.issuer {
            return Err(ClientCertificateError::OldVersion);
        }
        self.fields.must_be_signed_with(ca.public_key)?;
        anchor.must_be_valid(now)?;
        // Name constraints apply to alternative names, which version 1 does not have.
        if anchor.anchor.name_constraints.is_some() {
            return Err(ClientCertificateError::NameNotPermitted);
        }
        if let Some(lists) = &self.trust.lists {
            let signed = lists.iter().filter(|list| list.has_signer_in_file());
            must_not_be_revoked(self.fields.serial, &ca, signed, now)?;
        }
        Ok(ca.public_key.to_vec())
    }
}
