//! What a client CA's files say: whom to trust, how far, and who was revoked.
//!
//! The judgement is webpki's, and ours where webpki is lenient: clientAuth must be there, the
//! CA's own path length counts, revocation must be known from a list that has not ended.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use rustls::{
    DistinguishedName,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use time::OffsetDateTime;
use webpki::{
    CertRevocationList, EndEntityCert, Error as Fault, ExpirationPolicy, KeyUsage,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, public_key::PublicKey};

use super::{
    Identity, Reason, SystemRoots, Warning,
    authority::Authority,
    revocation::{self, RevocationList},
    settings::signatures,
};

/// The shortest RSA key taken, in bits.
const RSA_BITS: usize = 2048;

/// What a client CA's files say.
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    /// For each anchor, how many intermediates may stand below it.
    path_lengths: Vec<Option<u32>>,
    lists: Vec<CertRevocationList<'static>>,
    /// When the first of the lists ends, and with it all that it lets in.
    pub(super) lists_end: Option<OffsetDateTime>,
    pub(super) warnings: Vec<Warning>,
}

impl Trust {
    /// Reads the files and refuses what would let in too many or cannot be relied on.
    pub(super) fn load(ca: &Path, crl: Option<&Path>, roots: &SystemRoots) -> anyhow::Result<Self> {
        let now = OffsetDateTime::now_utc();
        let authorities = Authority::load_all(ca, roots)?;
        let ended = authorities.iter().filter_map(|it| it.ended(now));
        let mut warnings: Vec<_> = ended.map(|it| it.of(ca)).collect();
        let mut lists = Vec::new();
        if let Some(crl) = crl {
            lists = RevocationList::load_all(crl, &authorities)?;
            let faults = revocation::faults(&lists, &authorities, now);
            warnings.extend(faults.into_iter().map(|it| it.of(crl)));
        }
        Ok(Self {
            path_lengths: authorities.iter().map(|it| it.path_length).collect(),
            anchors: authorities.into_iter().map(|it| it.anchor).collect(),
            lists_end: lists.iter().filter_map(|it| it.next_update).min(),
            lists: lists.into_iter().map(|it| it.list).collect(),
            warnings,
        })
    }

    /// The CAs' names, each once.
    pub(super) fn subjects(&self) -> Vec<DistinguishedName> {
        let is_first = |(index, anchor): &(usize, &TrustAnchor<'_>)| {
            let mut before = self.anchors.iter().take(*index);
            before.all(|earlier| earlier.subject != anchor.subject)
        };
        let anchors = self.anchors.iter().enumerate().filter(is_first);
        anchors.map(|(_, anchor)| subject(anchor)).collect()
    }

    /// Judges a chain, leaf first.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        now: SystemTime,
        verify_depth: Option<u8>,
    ) -> Result<Identity, Reason> {
        let (leaf, intermediates) = chain.split_first().ok_or(Reason::Malformed)?;
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| Reason::Malformed)?;
        let end_entity = EndEntityCert::try_from(leaf)?;
        let path = self.verify(&end_entity, intermediates, now, verify_depth)?;
        must_be_for_clients(&parsed)?;
        must_have_long_key(&parsed)?;
        Ok(Identity::new(leaf, &parsed, &path.issuer_spki()))
    }

    fn verify<'p>(
        &'p self,
        leaf: &'p EndEntityCert<'p>,
        intermediates: &'p [CertificateDer<'p>],
        now: SystemTime,
        verify_depth: Option<u8>,
    ) -> Result<VerifiedPath<'p>, Fault> {
        let lists: Vec<_> = self.lists.iter().collect();
        // Without lists there is nothing to check, and the builder says so by an error.
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::Chain)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        leaf.verify_for_usage(
            signatures(),
            &self.anchors,
            intermediates,
            UnixTime::since_unix_epoch(now.duration_since(UNIX_EPOCH).unwrap_or_default()),
            KeyUsage::client_auth(),
            revocation,
            Some(&|path| {
                must_keep_depth(path, verify_depth)?;
                self.must_keep_path_length(path)
            }),
        )
    }

    /// webpki forgets the path length of the CA itself.
    fn must_keep_path_length(&self, path: &VerifiedPath<'_>) -> Result<(), Fault> {
        let intermediates = path.intermediate_certificates().count();
        let anchors = self.anchors.iter().zip(&self.path_lengths);
        let limit = anchors
            .filter(|(anchor, _)| *anchor == path.anchor())
            .filter_map(|(_, limit)| *limit)
            .min();
        match limit {
            Some(limit) if intermediates > limit as usize => Err(Fault::PathLenConstraintViolated),
            _ => Ok(()),
        }
    }
}

fn must_keep_depth(path: &VerifiedPath<'_>, most: Option<u8>) -> Result<(), Fault> {
    let intermediates = path.intermediate_certificates().count();
    match most {
        Some(most) if intermediates > usize::from(most) => Err(Fault::MaximumPathDepthExceeded),
        _ => Ok(()),
    }
}

/// webpki takes a certificate without any extended key usage for one that fits all.
fn must_be_for_clients(leaf: &X509Certificate<'_>) -> Result<(), Reason> {
    match leaf.extended_key_usage() {
        Ok(Some(usage)) if usage.value.client_auth => Ok(()),
        _ => Err(Reason::NotForClients),
    }
}

fn must_have_long_key(leaf: &X509Certificate<'_>) -> Result<(), Reason> {
    match leaf.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if key.key_size() < RSA_BITS => {
            Err(Reason::ShortKey(key.key_size()))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Reason::Malformed),
    }
}

fn subject(anchor: &TrustAnchor<'_>) -> DistinguishedName {
    DistinguishedName::in_sequence(&anchor.subject)
}
