//! The revocation of a path's certificates: each must be covered by a list of its issuer.
//!
//! webpki judges by the lists of version 2. Where a CA of the line has one of version 1, webpki
//! still refuses what the others revoke, and that each certificate is covered is checked here.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use webpki::{
    Cert, CertRevocationList, Error as Fault, ExpirationPolicy, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::{
    Reason,
    fields::Fields,
    line::Line,
    revocation::{RevocationList, must_not_be_revoked},
    trust::Trust,
};

/// The lists by which a line is judged.
pub(super) struct Revocation<'a> {
    line: &'a Line<'a>,
    /// Those of the line's CAs; none where revocation does not count.
    lists: Option<Vec<&'a RevocationList>>,
    now: OffsetDateTime,
}

impl<'a> Revocation<'a> {
    /// The lists of a line's CAs.
    pub(super) fn of(line: &'a Line<'a>, trust: &'a Trust, now: SystemTime) -> Self {
        let of_line = |list: &&RevocationList| line.all().any(|ca| list.is_of(&ca));
        let lists = trust.lists.as_ref();
        Self {
            line,
            lists: lists.map(|lists| lists.iter().filter(of_line).collect()),
            now: now.into(),
        }
    }

    /// The lists that webpki judges by.
    ///
    /// # Errors
    /// One that webpki does not read, so that what it revokes is unknown.
    pub(super) fn version_2(&self) -> Result<Vec<CertRevocationList<'a>>, Reason> {
        let lists = self.lists.iter().flatten();
        let lists = lists.filter_map(|list| list.content.version_2());
        let lists = lists.collect::<Result<_, _>>();
        lists.map_err(|_| Reason::RevocationUnknown)
    }

    /// A list must cover each certificate: webpki demands that where it reads all of them, and
    /// [`Self::must_cover`] where it does not.
    pub(super) fn options<'o>(
        &self,
        lists: &'o [&'o CertRevocationList<'o>],
    ) -> Result<Option<RevocationOptions<'o>>, Reason> {
        let has_version_1 = self.has_version_1();
        if self.lists.is_none() || has_version_1 && lists.is_empty() {
            return Ok(None);
        }
        // Without any list webpki would demand none.
        let options = RevocationOptionsBuilder::new(lists);
        let options = options.map_err(|_| Reason::RevocationUnknown)?;
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

    /// Checks each certificate of a path against the lists of its issuer, where one of them is of
    /// version 1.
    ///
    /// # Errors
    /// One is revoked, or no valid list says that it is not.
    pub(super) fn must_cover(&self, path: &VerifiedPath<'_>) -> Result<(), Fault> {
        if !self.has_version_1() {
            return Ok(());
        }
        let mut below: &Cert<'_> = path.end_entity();
        for issuer in path.intermediate_certificates() {
            let der = issuer.der();
            let fields = Fields::of(&der).ok_or(Fault::UnknownRevocationStatus)?;
            self.must_not_be_revoked(below, &fields)?;
            below = issuer;
        }
        let mut anchors = self.line.anchors.iter();
        let anchor = anchors.find(|authority| authority.anchor == *path.anchor());
        let fields = anchor.and_then(|authority| authority.fields());
        self.must_not_be_revoked(below, &fields.ok_or(Fault::UnknownRevocationStatus)?)
    }

    fn must_not_be_revoked(&self, below: &Cert<'_>, issuer: &Fields<'_>) -> Result<(), Fault> {
        // webpki has checked the signatures of the path's lists of version 2 before.
        let is_signed = |list: &&RevocationList| list.is_of_file() || list.is_checked_by_webpki();
        let lists = self.lists.iter().flatten().copied().filter(is_signed);
        let judged = must_not_be_revoked(below.serial(), issuer, lists, self.now);
        judged.map_err(|reason| fault(&reason, self.now))
    }

    fn has_version_1(&self) -> bool {
        let mut lists = self.lists.iter().flatten();
        lists.any(|list| list.content.is_version_1())
    }
}

/// The same reason in webpki's words, which it passes on.
fn fault(reason: &Reason, now: OffsetDateTime) -> Fault {
    match reason {
        Reason::Revoked => Fault::CertRevoked,
        Reason::CrlExpired(end) => Fault::CrlExpired {
            time: unix(now),
            next_update: unix(*end),
        },
        _ => Fault::UnknownRevocationStatus,
    }
}

fn unix(moment: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or_default();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}
