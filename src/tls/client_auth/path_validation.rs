//! Validation of a client's certification path (RFC 5280, section 6).
//!
//! webpki validates the path. hubgate adds the checks that webpki leaves out: clientAuth is
//! required, the validity period and path length of the anchor count, and revocation must be known
//! from a current list. webpki receives only CAs that an anchor vouches for (`path_building`).

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, Error as Fault, KeyUsage, VerifiedPath};
use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension, prelude::FromDer};

use super::{
    path_building::PathCandidates, path_revocation::PathRevocation, trust_store::TrustStore,
    validity_period::ValidityPeriod, version_1::VersionOneCertificate,
};
use crate::tls::{
    ClientCertificateError, Identity,
    x509::{certificate_fields::CertificateFields, crypto_provider::signature_algorithms},
};

/// Limits that the configuration sets for certificates below a CA.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PathLimits {
    /// Most intermediates above a certificate.
    pub(crate) verify_depth: Option<u32>,
    /// Accepts a certificate without extended key usage, also of version 1.
    pub(crate) any_use: bool,
}

/// The validation of a client's chain at one moment.
pub(crate) struct PathValidation<'t> {
    trust: &'t TrustStore,
    limits: PathLimits,
    now: SystemTime,
    /// The period in which the verdict holds.
    pub(crate) validity: ValidityPeriod,
}

impl<'t> PathValidation<'t> {
    /// Begins a validation at this moment.
    pub(crate) fn new(trust: &'t TrustStore, limits: PathLimits, now: SystemTime) -> Self {
        Self {
            trust,
            limits,
            now,
            validity: ValidityPeriod::unlimited(now),
        }
    }

    /// Validates a chain, leaf first.
    pub(crate) fn validate(
        &mut self,
        chain: &[CertificateDer<'_>],
    ) -> Result<Identity, ClientCertificateError> {
        let (leaf, presented) = chain
            .split_first()
            .ok_or(ClientCertificateError::Malformed)?;
        let end_entity = match EndEntityCert::try_from(leaf) {
            Err(Fault::UnsupportedCertVersion) if self.limits.any_use => {
                return self.validate_version_1(leaf);
            }
            parsed => parsed?,
        };
        let (_, parsed) =
            X509Certificate::from_der(leaf).map_err(|_| ClientCertificateError::Malformed)?;
        let fields = CertificateFields::parse(leaf).ok_or(ClientCertificateError::Malformed)?;
        // The handshake verified this key, so it must be the one that is validated.
        if end_entity.subject_public_key_info().as_ref() != fields.public_key {
            return Err(ClientCertificateError::Malformed);
        }
        self.limit_by(&parsed);
        let path = PathCandidates::find(&fields, presented, &self.trust.cas)?;
        self.limit_by_path(&path);
        let issuer = self.verify(&end_entity, &path)?;
        self.must_be_for_clients(&parsed)?;
        fields.must_have_supported_key()?;
        Ok(Identity::new(leaf, &parsed, &issuer))
    }

    /// Validates a certificate of version 1, which only an anchor of the file may have signed.
    fn validate_version_1(
        &mut self,
        leaf: &CertificateDer<'_>,
    ) -> Result<Identity, ClientCertificateError> {
        let parsed = X509Certificate::from_der(leaf).ok();
        let parsed = parsed.filter(|(rest, _)| rest.is_empty());
        let (_, parsed) = parsed.ok_or(ClientCertificateError::Malformed)?;
        let fields = CertificateFields::parse(leaf).ok_or(ClientCertificateError::Malformed)?;
        // Both parsers must agree on key and serial number.
        if [parsed.public_key().raw, parsed.raw_serial()] != [fields.public_key, fields.serial] {
            return Err(ClientCertificateError::Malformed);
        }
        self.limit_by(&parsed);
        let path = PathCandidates::find(&fields, &[], &self.trust.cas)?;
        self.limit_by_path(&path);
        let certificate = VersionOneCertificate {
            trust: self.trust,
            parsed: &parsed,
            fields: &fields,
            now: self.now,
        };
        let issuer = certificate.verify(&path)?;
        fields.must_have_supported_key()?;
        Ok(Identity::new(leaf, &parsed, &issuer))
    }

    /// Verifies the path with webpki; returns the issuer's SubjectPublicKeyInfo.
    fn verify(
        &self,
        leaf: &EndEntityCert<'_>,
        path: &PathCandidates<'_>,
    ) -> Result<Vec<u8>, ClientCertificateError> {
        let anchors = self.valid_anchors(path)?;
        let intermediates = path.intermediates.iter();
        let intermediates: Vec<_> = intermediates
            .map(|ca| CertificateDer::from(ca.certificate))
            .collect();
        let revocation = PathRevocation::new(path, self.trust, self.now);
        let lists = revocation.version_2()?;
        let lists: Vec<_> = lists.iter().collect();
        let verified = leaf.verify_for_usage(
            signature_algorithms(),
            &anchors,
            &intermediates,
            UnixTime::since_unix_epoch(self.now.duration_since(UNIX_EPOCH).unwrap_or_default()),
            KeyUsage::client_auth(),
            revocation.options(&lists)?,
            Some(&|verified| {
                self.must_keep_depth(verified)?;
                path.must_keep_path_length(verified)?;
                revocation.check_coverage(verified)
            }),
        )?;
        Ok(verified.issuer_spki().to_vec())
    }

    /// Returns the anchors that are valid now; at least one.
    fn valid_anchors<'p>(
        &self,
        path: &PathCandidates<'p>,
    ) -> Result<Vec<TrustAnchor<'p>>, ClientCertificateError> {
        let now = OffsetDateTime::from(self.now);
        let (mut anchors, mut fault) = (Vec::new(), ClientCertificateError::OtherCa);
        for ca in &path.anchors {
            match ca.must_be_valid(now) {
                Ok(()) => anchors.push(ca.anchor.clone()),
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

    /// Requires clientAuth; webpki accepts a certificate without any extended key usage.
    fn must_be_for_clients(
        &self,
        leaf: &X509Certificate<'_>,
    ) -> Result<(), ClientCertificateError> {
        match leaf.extended_key_usage() {
            Ok(Some(usage)) if usage.value.client_auth => Ok(()),
            Ok(None) if !self.limits.any_use => Err(ClientCertificateError::NoUsage),
            Ok(None) if has_other_netscape_type(leaf) => Err(ClientCertificateError::NotForClients),
            Ok(None) => Ok(()),
            _ => Err(ClientCertificateError::NotForClients),
        }
    }

    fn limit_by_path(&mut self, path: &PathCandidates<'_>) {
        let intermediates = path.intermediates.iter();
        let of_file = intermediates.clone().filter_map(|candidate| candidate.ca);
        for ca in of_file.chain(path.anchors.iter().copied()) {
            self.validity.limit(ca.not_before);
            self.validity.limit(ca.not_after);
        }
        for presented in intermediates.filter(|candidate| candidate.ca.is_none()) {
            if let Ok((_, parsed)) = X509Certificate::from_der(presented.certificate) {
                self.limit_by(&parsed);
            }
        }
        let lists = self.trust.lists.iter().flatten();
        let ends = lists.filter_map(|list| list.next_update);
        ends.for_each(|end| self.validity.limit(end));
    }

    fn limit_by(&mut self, certificate: &X509Certificate<'_>) {
        let validity = certificate.validity();
        self.validity.limit(validity.not_before.to_datetime());
        self.validity.limit(validity.not_after.to_datetime());
    }
}

/// Reports whether Netscape's certificate type, older than key usages, excludes TLS clients.
fn has_other_netscape_type(leaf: &X509Certificate<'_>) -> bool {
    let extensions = leaf.extensions().iter();
    let mut types = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::NSCertType(netscape_type) => Some(netscape_type),
        _ => None,
    });
    types.any(|netscape_type| !netscape_type.ssl_client())
}
