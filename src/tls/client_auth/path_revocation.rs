//! Revocation of a path's certificates: each must be covered by a list of its issuer.
//!
//! webpki checks lists of version 2 only. With a list of version 1 among those of the candidates,
//! webpki still refuses what the lists of version 2 revoke, and this module checks that each
//! certificate is covered.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use webpki::{
    Cert, CertRevocationList, Error as Fault, ExpirationPolicy, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::{
    path_building::PathCandidates,
    revocation_list::{RevocationList, must_not_be_revoked},
    trust_store::TrustStore,
};
use crate::tls::{ClientCertificateError, x509::certificate_fields::CertificateFields};

/// The revocation lists of the CAs that may be part of a path.
pub(crate) struct PathRevocation<'a> {
    candidates: &'a PathCandidates<'a>,
    /// The lists of these CAs; `None` without a configured list disables revocation checks.
    lists: Option<Vec<&'a RevocationList>>,
    now: OffsetDateTime,
}

impl<'a> PathRevocation<'a> {
    /// Selects the lists of the path's candidate CAs.
    pub(crate) fn new(
        candidates: &'a PathCandidates<'a>,
        trust: &'a TrustStore,
        now: SystemTime,
    ) -> Self {
        let of_path = |list: &&RevocationList| candidates.all().any(|ca| list.is_of(&ca));
        let lists = trust.lists.as_ref();
        Self {
            candidates,
            lists: lists.map(|lists| lists.iter().filter(of_path).collect()),
            now: now.into(),
        }
    }

    /// Returns the lists that webpki checks.
    ///
    /// # Errors
    /// webpki cannot read a list, so its revoked certificates are unknown.
    pub(crate) fn version_2(&self) -> Result<Vec<CertRevocationList<'a>>, ClientCertificateError> {
        let lists = self.lists.iter().flatten();
        let lists = lists.filter_map(|list| list.content.version_2());
        let lists = lists.collect::<Result<_, _>>();
        lists.map_err(|_| ClientCertificateError::RevocationUnknown)
    }

    /// Builds webpki's options; `None` if webpki has no list to check.
    ///
    /// webpki requires that a list covers each certificate, unless a list has version 1: then
    /// [`Self::check_coverage`] requires it.
    ///
    /// # Errors
    /// No list is of a CA of the path.
    pub(crate) fn options<'o>(
        &self,
        lists: &'o [&'o CertRevocationList<'o>],
    ) -> Result<Option<RevocationOptions<'o>>, ClientCertificateError> {
        let has_version_1 = self.has_version_1();
        if self.lists.is_none() || has_version_1 && lists.is_empty() {
            return Ok(None);
        }
        // webpki refuses an empty set of lists, so revocation is never skipped.
        let options = RevocationOptionsBuilder::new(lists);
        let options = options.map_err(|_| ClientCertificateError::RevocationUnknown)?;
        let unknown = match has_version_1 {
            true => UnknownStatusPolicy::Allow,
            false => UnknownStatusPolicy::Deny,
        };
        let options = options
            .with_depth(RevocationCheckDepth::Chain)
            .with_status_policy(unknown)
            .with_expiration_policy(ExpirationPolicy::Enforce);
        Ok(Some(options.build()))
    }

    /// Checks each certificate of a path against the lists of its issuer, if a list has version 1.
    ///
    /// # Errors
    /// A certificate is revoked, or no current list covers it.
    pub(crate) fn check_coverage(&self, path: &VerifiedPath<'_>) -> Result<(), Fault> {
        if !self.has_version_1() {
            return Ok(());
        }
        let mut below: &Cert<'_> = path.end_entity();
        for issuer in path.intermediate_certificates() {
            let der = issuer.der();
            let fields = CertificateFields::parse(&der).ok_or(Fault::UnknownRevocationStatus)?;
            self.must_not_be_revoked(below, &fields)?;
            below = issuer;
        }
        let mut anchors = self.candidates.anchors.iter();
        let anchor = anchors.find(|ca| ca.anchor == *path.anchor());
        let fields = anchor.and_then(|ca| ca.fields());
        self.must_not_be_revoked(below, &fields.ok_or(Fault::UnknownRevocationStatus)?)
    }

    fn must_not_be_revoked(
        &self,
        below: &Cert<'_>,
        issuer: &CertificateFields<'_>,
    ) -> Result<(), Fault> {
        // Before this call, webpki has verified the signature of each list of version 2.
        let is_signed =
            |list: &&RevocationList| list.has_signer_in_file() || list.is_verified_by_webpki();
        let lists = self.lists.iter().flatten().copied().filter(is_signed);
        let checked = must_not_be_revoked(below.serial(), issuer, lists, self.now);
        checked.map_err(|reason| self.fault(&reason))
    }

    fn has_version_1(&self) -> bool {
        let mut lists = self.lists.iter().flatten();
        lists.any(|list| list.content.is_version_1())
    }

    /// Converts a reason to webpki's error, which webpki returns unchanged.
    fn fault(&self, reason: &ClientCertificateError) -> Fault {
        match reason {
            ClientCertificateError::Revoked => Fault::CertRevoked,
            ClientCertificateError::CrlExpired(end) => Fault::CrlExpired {
                time: unix_time(self.now),
                next_update: unix_time(*end),
            },
            _ => Fault::UnknownRevocationStatus,
        }
    }
}

fn unix_time(moment: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
