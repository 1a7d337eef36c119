//! The judgement of a client's chain.
//!
//! It is webpki's, and ours where webpki is lenient: clientAuth must be there, the CA's own
//! validity and path length count, revocation must be known from a list that has not ended.
//! webpki gets only the certificates that a CA of the file vouches for (`line`).

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, Error as Fault, KeyUsage, VerifiedPath};
use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension, prelude::FromDer};

use super::{
    Identity, Reason, authority::Authority, fields::Fields, line::Line,
    path_revocation::Revocation, settings::signatures, span::Span, trust::Trust,
    version_1::VersionOne,
};

/// What the owner allows of the certificates below a CA.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// Intermediates above a certificate, at most.
    pub(super) verify_depth: Option<u32>,
    /// Whether a certificate without any extended key usage counts, also one of version 1.
    pub(super) any_use: bool,
}

/// The judgement of a client's chain.
pub(super) struct Judgement<'t> {
    trust: &'t Trust,
    limits: Limits,
    now: SystemTime,
    /// The time in which the verdict holds.
    pub(super) span: Span,
}

impl<'t> Judgement<'t> {
    /// A judgement of this moment.
    pub(super) fn new(trust: &'t Trust, limits: Limits, now: SystemTime) -> Self {
        Self {
            trust,
            limits,
            now,
            span: Span::around(now),
        }
    }

    /// Judges a chain, leaf first.
    pub(super) fn judge(&mut self, chain: &[CertificateDer<'_>]) -> Result<Identity, Reason> {
        let (leaf, shown) = chain.split_first().ok_or(Reason::Malformed)?;
        let end_entity = match EndEntityCert::try_from(leaf) {
            Err(Fault::UnsupportedCertVersion) if self.limits.any_use => {
                return self.judge_version_1(leaf);
            }
            other => other?,
        };
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| Reason::Malformed)?;
        let fields = Fields::of(leaf).ok_or(Reason::Malformed)?;
        // The key that signed the handshake is the one that is judged.
        if end_entity.subject_public_key_info().as_ref() != fields.public_key {
            return Err(Reason::Malformed);
        }
        self.limit_by(&parsed);
        let line = Line::search(&fields, shown, &self.trust.authorities)?;
        self.limit_by_line(&line);
        let issuer = self.verify(&end_entity, &line)?;
        must_be_for_clients(&parsed, self.limits.any_use)?;
        fields.must_have_known_key()?;
        Ok(Identity::new(leaf, &parsed, &issuer))
    }

    /// Judges a certificate of version 1, which only an anchor of the file may have signed.
    fn judge_version_1(&mut self, leaf: &CertificateDer<'_>) -> Result<Identity, Reason> {
        let parsed = X509Certificate::from_der(leaf).ok();
        let parsed = parsed.filter(|(rest, _)| rest.is_empty());
        let (_, parsed) = parsed.ok_or(Reason::Malformed)?;
        let fields = Fields::of(leaf).ok_or(Reason::Malformed)?;
        // Two readers that differ are no ground to trust a certificate on.
        let read = [parsed.public_key().raw, parsed.raw_serial()];
        if read != [fields.public_key, fields.serial] {
            return Err(Reason::Malformed);
        }
        self.limit_by(&parsed);
        let line = Line::search(&fields, &[], &self.trust.authorities)?;
        self.limit_by_line(&line);
        let certificate = VersionOne {
            trust: self.trust,
            parsed: &parsed,
            fields: &fields,
            now: self.now,
        };
        let issuer = certificate.verify(&line)?;
        fields.must_have_known_key()?;
        Ok(Identity::new(leaf, &parsed, &issuer))
    }

    /// Returns the issuer's SubjectPublicKeyInfo.
    fn verify(&self, leaf: &EndEntityCert<'_>, line: &Line<'_>) -> Result<Vec<u8>, Reason> {
        let anchors = self.anchors(line)?;
        let intermediates = line.intermediates.iter();
        let intermediates: Vec<_> = intermediates
            .map(|it| CertificateDer::from(it.certificate))
            .collect();
        let revocation = Revocation::of(line, self.trust, self.now);
        let lists = revocation.version_2()?;
        let lists: Vec<_> = lists.iter().collect();
        let path = leaf.verify_for_usage(
            signatures(),
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(self.now.duration_since(UNIX_EPOCH).unwrap_or_default()),
            KeyUsage::client_auth(),
            revocation.options(&lists)?,
            Some(&|path| {
                self.must_keep_depth(path)?;
                must_keep_path_length(path, &line.anchors)?;
                revocation.must_cover(path)
            }),
        )?;
        Ok(path.issuer_spki().to_vec())
    }

    /// The anchors that are valid now; one at least.
    fn anchors<'l>(&self, line: &Line<'l>) -> Result<Vec<TrustAnchor<'l>>, Reason> {
        let now = OffsetDateTime::from(self.now);
        let (mut anchors, mut fault) = (Vec::new(), Reason::OtherCa);
        for anchor in &line.anchors {
            match anchor.must_be_valid(now) {
                Ok(()) => anchors.push(anchor.anchor.clone()),
                Err(reason) => fault = reason,
            }
        }
        if anchors.is_empty() {
            return Err(fault);
        }
        Ok(anchors)
    }

    fn must_keep_depth(&self, path: &VerifiedPath<'_>) -> Result<(), Fault> {
        let intermediates = path.intermediate_certificates().count();
        match self.limits.verify_depth {
            Some(most) if intermediates > most as usize => Err(Fault::MaximumPathDepthExceeded),
            _ => Ok(()),
        }
    }

    fn limit_by_line(&mut self, line: &Line<'_>) {
        let intermediates = line.intermediates.iter();
        let filed = intermediates.clone().filter_map(|it| it.authority);
        for authority in filed.chain(line.anchors.iter().copied()) {
            self.span.limit(authority.not_before);
            self.span.limit(authority.not_after);
        }
        for shown in intermediates.filter(|it| it.authority.is_none()) {
            if let Ok((_, parsed)) = X509Certificate::from_der(shown.certificate) {
                self.limit_by(&parsed);
            }
        }
        let lists = self.trust.lists.iter().flatten();
        let ends = lists.filter_map(|list| list.next_update);
        ends.for_each(|end| self.span.limit(end));
    }

    fn limit_by(&mut self, certificate: &X509Certificate<'_>) {
        let validity = certificate.validity();
        self.span.limit(validity.not_before.to_datetime());
        self.span.limit(validity.not_after.to_datetime());
    }
}

/// webpki forgets the path length of the CA itself.
fn must_keep_path_length(path: &VerifiedPath<'_>, anchors: &[&Authority]) -> Result<(), Fault> {
    let intermediates = path.intermediate_certificates().count();
    let anchors = anchors.iter().filter(|it| it.anchor == *path.anchor());
    match anchors.filter_map(|it| it.path_length).min() {
        Some(limit) if intermediates > limit as usize => Err(Fault::PathLenConstraintViolated),
        _ => Ok(()),
    }
}

/// webpki takes a certificate without any extended key usage for one that fits all.
fn must_be_for_clients(leaf: &X509Certificate<'_>, any_use: bool) -> Result<(), Reason> {
    match leaf.extended_key_usage() {
        Ok(Some(usage)) if usage.value.client_auth => Ok(()),
        Ok(None) if !any_use => Err(Reason::NoUsage),
        Ok(None) if is_for_others(leaf) => Err(Reason::NotForClients),
        Ok(None) => Ok(()),
        _ => Err(Reason::NotForClients),
    }
}

/// Whether Netscape's certificate type, which was there before the usages, names others only.
fn is_for_others(leaf: &X509Certificate<'_>) -> bool {
    let extensions = leaf.extensions().iter();
    let mut kinds = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::NSCertType(kind) => Some(kind),
        _ => None,
    });
    kinds.any(|kind| !kind.ssl_client())
}
