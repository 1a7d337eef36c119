//! Certification path building (RFC 4158): the CAs above a leaf, up to the trust anchors.
//!
//! The search starts at the anchors. A key is used only after an anchor vouches for it, and each
//! pair of CA and certificate is verified once, so forged certificates add little to the cost.
//! webpki then validates the CAs that were found.

use std::collections::VecDeque;

use rustls::pki_types::CertificateDer;
use webpki::{Error as Fault, VerifiedPath};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::ca::Ca;
use crate::tls::{ClientCertificateError, x509::certificate_fields::CertificateFields};

/// The CAs above a leaf, of which webpki forms a path.
pub(crate) struct PathCandidates<'a> {
    /// CAs that are no anchors, nearest to the leaf first.
    pub(crate) intermediates: Vec<CandidateCa<'a>>,
    pub(crate) anchors: Vec<&'a Ca>,
}

/// A CA that may be part of the path.
#[derive(Clone, Copy)]
pub(crate) struct CandidateCa<'a> {
    pub(crate) fields: CertificateFields<'a>,
    pub(crate) certificate: &'a [u8],
    /// `None` for a certificate that the client presented.
    pub(crate) ca: Option<&'a Ca>,
}

/// The search for a path.
struct PathBuilder<'a> {
    candidates: Vec<CandidateCa<'a>>,
    /// Pairs of indices: an issuer and a certificate that it signed.
    signed: Vec<(usize, usize)>,
    /// Indices of the CAs that an anchor vouches for, the anchors first.
    vouched: Vec<usize>,
    fault: Option<ClientCertificateError>,
}

/// Longest RSA key of an intermediate that a client presents, in bits.
const MAX_RSA_BITS: usize = 4096;
/// Most intermediates of the same name, because webpki tries them in every order.
const MAX_SAME_NAME: usize = 3;

impl<'a> PathCandidates<'a> {
    /// Searches the certificates that the client presented and those of the file.
    ///
    /// # Errors
    /// The reason why no path leads from the leaf to an anchor.
    pub(crate) fn find(
        leaf: &CertificateFields<'a>,
        presented: &'a [CertificateDer<'_>],
        cas: &'a [Ca],
    ) -> Result<Self, ClientCertificateError> {
        let mut builder = PathBuilder::new(leaf, presented, cas);
        builder.vouch();
        let issuers = builder.issuers(leaf)?;
        Ok(builder.path_above(issuers))
    }

    /// Iterates over the fields of all CAs, intermediates first.
    pub(crate) fn all(&self) -> impl Iterator<Item = CertificateFields<'a>> {
        let anchors = self.anchors.iter().filter_map(|ca| ca.fields());
        let intermediates = self.intermediates.iter().map(|candidate| candidate.fields);
        intermediates.chain(anchors)
    }

    /// Enforces the path length of the anchor, which webpki ignores.
    pub(crate) fn must_keep_path_length(&self, path: &VerifiedPath<'_>) -> Result<(), Fault> {
        let intermediates = path.intermediate_certificates().count();
        let anchors = self.anchors.iter();
        let anchors = anchors.filter(|ca| ca.anchor == *path.anchor());
        match anchors.filter_map(|ca| ca.path_length).min() {
            Some(limit) if intermediates > limit as usize => Err(Fault::PathLenConstraintViolated),
            _ => Ok(()),
        }
    }

    fn add(&mut self, candidate: CandidateCa<'a>) {
        if let Some(anchor) = candidate.ca.filter(|ca| ca.is_anchor) {
            self.anchors.push(anchor);
            return;
        }
        let name = candidate.fields.subject;
        let intermediates = self.intermediates.iter();
        let same_name = intermediates.filter(|other| other.fields.subject == name);
        if same_name.count() < MAX_SAME_NAME {
            self.intermediates.push(candidate);
        }
    }
}

impl<'a> CandidateCa<'a> {
    fn of_file(ca: &'a Ca) -> Option<Self> {
        Some(Self {
            fields: ca.fields()?,
            certificate: &ca.certificate,
            ca: Some(ca),
        })
    }

    fn presented(certificate: &'a CertificateDer<'_>) -> Option<Self> {
        Some(Self {
            fields: CertificateFields::parse(certificate)?,
            certificate,
            ca: None,
        })
    }

    fn is_ca(&self) -> bool {
        X509Certificate::from_der(self.certificate).is_ok_and(|(_, parsed)| parsed.is_ca())
    }

    fn is_anchor(&self) -> bool {
        self.ca.is_some_and(|ca| ca.is_anchor)
    }
}

impl<'a> PathBuilder<'a> {
    /// Collects the certificates above the leaf by issuer name, each once.
    fn new(
        leaf: &CertificateFields<'a>,
        presented: &'a [CertificateDer<'_>],
        cas: &'a [Ca],
    ) -> Self {
        let of_file = cas.iter().filter_map(CandidateCa::of_file);
        let presented = presented.iter().filter_map(CandidateCa::presented);
        let mut pool: Vec<_> = of_file.chain(presented).collect();
        let mut names = vec![leaf.issuer];
        let mut candidates = Vec::<CandidateCa<'_>>::new();
        while let Some(name) = names.pop() {
            for found in pool.extract_if(.., |candidate| candidate.fields.subject == name) {
                let mut known = candidates.iter();
                if known.any(|candidate| candidate.certificate == found.certificate) {
                    continue;
                }
                if !found.is_anchor() {
                    names.push(found.fields.issuer);
                }
                candidates.push(found);
            }
        }
        Self {
            candidates,
            signed: Vec::new(),
            vouched: Vec::new(),
            fault: None,
        }
    }

    /// Verifies signatures from the anchors downwards.
    fn vouch(&mut self) {
        let all = 0..self.candidates.len();
        let mut waiting: VecDeque<_> = all.filter(|at| self.candidates[*at].is_anchor()).collect();
        self.vouched.extend(&waiting);
        while let Some(issuer) = waiting.pop_front() {
            for below in 0..self.candidates.len() {
                if self.signs(issuer, below) {
                    self.signed.push((issuer, below));
                    if !self.vouched.contains(&below) && self.may_vouch(below) {
                        self.vouched.push(below);
                        waiting.push_back(below);
                    }
                }
            }
        }
    }

    fn signs(&mut self, issuer: usize, below: usize) -> bool {
        let (issuer, below) = (self.candidates[issuer], self.candidates[below]);
        if below.is_anchor() || below.fields.issuer != issuer.fields.subject {
            return false;
        }
        self.note(below.fields.must_be_signed_with(issuer.fields.public_key))
    }

    /// Reports whether a certificate may sign others; an end-entity certificate may not.
    fn may_vouch(&mut self, at: usize) -> bool {
        let candidate = self.candidates[at];
        candidate.ca.is_some()
            || candidate.is_ca() && self.note(candidate.fields.must_not_exceed(MAX_RSA_BITS))
    }

    /// Stores the first failed check; reports whether this one passed.
    fn note(&mut self, checked: Result<(), ClientCertificateError>) -> bool {
        let passed = checked.is_ok();
        self.fault = self.fault.take().or(checked.err());
        passed
    }

    /// Returns the CAs that signed the leaf.
    fn issuers(
        &mut self,
        leaf: &CertificateFields<'_>,
    ) -> Result<Vec<usize>, ClientCertificateError> {
        let (mut issuers, mut fault) = (Vec::new(), None);
        for &at in &self.vouched {
            let issuer = &self.candidates[at].fields;
            if issuer.subject == leaf.issuer {
                match leaf.must_be_signed_with(issuer.public_key) {
                    Ok(()) => issuers.push(at),
                    Err(reason) => fault = Some(reason),
                }
            }
        }
        if issuers.is_empty() {
            let fault = fault.or_else(|| self.fault.take());
            return Err(fault.unwrap_or(ClientCertificateError::OtherCa));
        }
        Ok(issuers)
    }

    /// Returns the issuers and all CAs above them, up to the anchors.
    fn path_above(&self, mut found: Vec<usize>) -> PathCandidates<'a> {
        let mut at = 0;
        while let Some(&below) = found.get(at) {
            for &(issuer, signed) in &self.signed {
                if signed == below && !found.contains(&issuer) {
                    found.push(issuer);
                }
            }
            at += 1;
        }
        let mut path = PathCandidates {
            intermediates: Vec::new(),
            anchors: Vec::new(),
        };
        found.iter().for_each(|at| path.add(self.candidates[*at]));
        path
    }
}
