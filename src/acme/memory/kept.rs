//! The certificate that a keeper serves.

use time::OffsetDateTime;

use crate::{acme::set::CertificateSet, tls::Certified};

/// The certificate that is served, and what is asked of it often.
pub(in crate::acme) struct Kept {
    pub(in crate::acme) set: CertificateSet,
    pub(super) leaf: Vec<u8>,
    pub(super) issuer: Option<String>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
}

impl Kept {
    pub(in crate::acme) fn of(set: CertificateSet, certified: &Certified) -> Self {
        Self {
            set,
            leaf: certified.leaf().to_vec(),
            issuer: certified.issuer(),
            not_before: certified.not_before,
            not_after: certified.not_after,
        }
    }
}
