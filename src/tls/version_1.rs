//! The judgement of a client certificate of X.509 version 1, where the owner takes certificates
//! without usages.
//!
//! webpki reads version 3 only. Version 1 has no extensions, so nothing limits what its holder
//! may do: it is taken for a device's own and never for a CA's, and only directly below an anchor
//! of the file.

use std::time::SystemTime;

use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, x509::X509Version};

use super::{
    Reason, authority::Authority, fields::Fields, line::Line, revocation::must_not_be_revoked,
    trust::Trust,
};

/// A certificate of version 1 and what it is judged by.
pub(super) struct VersionOne<'a> {
    pub(super) trust: &'a Trust,
    pub(super) parsed: &'a X509Certificate<'a>,
    pub(super) fields: &'a Fields<'a>,
    pub(super) now: SystemTime,
}

impl VersionOne<'_> {
    /// Returns the issuer's SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// The reason for which the certificate does not count.
    pub(super) fn verify(&self, line: &Line<'_>) -> Result<Vec<u8>, Reason> {
        self.must_be_a_devices()?;
        self.must_be_valid()?;
        let now = OffsetDateTime::from(self.now);
        let mut fault = Reason::OtherCa;
        for anchor in &line.anchors {
            match self.issuer(anchor, now) {
                Ok(key) => return Ok(key),
                Err(reason) => fault = reason,
            }
        }
        Err(fault)
    }

    /// Refuses what is no version 1 as written, and what has the name or key of a CA.
    fn must_be_a_devices(&self) -> Result<(), Reason> {
        let (parsed, fields) = (self.parsed, self.fields);
        if parsed.version() != X509Version::V1 || !parsed.extensions().is_empty() {
            return Err(Reason::OldVersion);
        }
        let mut cas = self.trust.authorities.iter().filter_map(Authority::fields);
        let is_ca =
            cas.any(|ca| ca.public_key == fields.public_key || ca.subject == fields.subject);
        match is_ca || fields.subject == fields.issuer {
            true => Err(Reason::IsCa),
            false => Ok(()),
        }
    }

    fn must_be_valid(&self) -> Result<(), Reason> {
        let (now, validity) = (OffsetDateTime::from(self.now), self.parsed.validity());
        let (begins, ends) = (
            validity.not_before.to_datetime(),
            validity.not_after.to_datetime(),
        );
        match (now < begins, now > ends) {
            (true, _) => Err(Reason::NotYetValid(begins)),
            (_, true) => Err(Reason::Expired(ends)),
            _ => Ok(()),
        }
    }

    /// The key of this anchor, if it signed the certificate and did not revoke it.
    fn issuer(&self, anchor: &Authority, now: OffsetDateTime) -> Result<Vec<u8>, Reason> {
        let ca = anchor.fields().ok_or(Reason::OtherCa)?;
        if ca.subject != self.fields.issuer {
            return Err(Reason::OldVersion);
        }
        self.fields.must_be_signed_with(ca.public_key)?;
        anchor.must_be_valid(now)?;
        // It has no alternative names that could be held against the constraints.
        if anchor.anchor.name_constraints.is_some() {
            return Err(Reason::NameNotPermitted);
        }
        if let Some(lists) = &self.trust.lists {
            let signed = lists.iter().filter(|list| list.is_of_file());
            must_not_be_revoked(self.fields.serial, &ca, signed, now)?;
        }
        Ok(ca.public_key.to_vec())
    }
}
