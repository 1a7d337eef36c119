//! The certificate that a task serves.

use time::OffsetDateTime;

use crate::{acme::store::stored_certificate::StoredCertificate, tls::Certified};

/// The certificate that is served, with the parsed fields that the task reads often.
pub(crate) struct ServedCertificate {
    pub(crate) stored: StoredCertificate,
    /// The certificate without its chain, in DER.
    pub(super) leaf: Vec<u8>,
    /// The common name of the issuer.
    pub(super) issuer: Option<String>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
}

impl ServedCertificate {
    pub(crate) fn new(stored: StoredCertificate, certified: &Certified) -> Self {
        Self {
            stored,
            leaf: certified.leaf().to_vec(),
            issuer: certified.issuer(),
            not_before: certified.not_before,
            not_after: certified.not_after,
        }
    }

    /// Returns the last moment to begin the renewal: a quarter of the life before the end.
    pub(super) fn hard_line(&self) -> OffsetDateTime {
        self.not_after - (self.not_after - self.not_before) / 4
    }
}
