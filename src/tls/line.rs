//! The CAs between a leaf and the anchors of a file, each signature of them checked.
//!
//! The search goes from the anchors down: a key is used only after a CA of the file has vouched
//! for it, and each pair of CA and certificate is tried once, so self-made certificates add next
//! to nothing to the cost of a verdict. webpki then judges the line that was found.

use std::collections::VecDeque;

use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{Reason, authority::Authority, fields::Fields};

/// The CAs between a leaf and the anchors of a file.
pub(super) struct Line<'a> {
    /// Those that are no anchors, nearest to the leaf first.
    pub(super) intermediates: Vec<Candidate<'a>>,
    pub(super) anchors: Vec<&'a Authority>,
}

/// A CA that may be part of the line.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) certificate: &'a [u8],
    /// None when the client showed it.
    pub(super) authority: Option<&'a Authority>,
}

/// The search for a line.
struct Search<'a> {
    candidates: Vec<Candidate<'a>>,
    /// Pairs of indices: an issuer and a certificate that it signed.
    signed: Vec<(usize, usize)>,
    /// Those that an anchor vouches for, the anchors first.
    vouched: Vec<usize>,
    fault: Option<Reason>,
}

/// The longest RSA key of an intermediate that a client shows, in bits.
const LONGEST_RSA: usize = 4096;
/// Intermediates of one name: webpki tries them in each order.
const MOST_ALIKE: usize = 3;

impl<'a> Line<'a> {
    /// Searches among the certificates that the client showed and those of the file.
    ///
    /// # Errors
    /// Why no line leads from the leaf to an anchor.
    pub(super) fn search(
        leaf: &Fields<'a>,
        shown: &'a [CertificateDer<'_>],
        file: &'a [Authority],
    ) -> Result<Self, Reason> {
        let mut search = Search::new(leaf, shown, file);
        search.vouch();
        let issuers = search.issuers(leaf)?;
        Ok(search.line(issuers))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Fields<'a>> {
        let anchors = self.anchors.iter().filter_map(|it| it.fields());
        let intermediates = self.intermediates.iter().map(|it| it.fields);
        intermediates.chain(anchors)
    }
}

impl<'a> Candidate<'a> {
    fn of_file(authority: &'a Authority) -> Option<Self> {
        Some(Self {
            fields: authority.fields()?,
            certificate: &authority.certificate,
            authority: Some(authority),
        })
    }

    fn shown(certificate: &'a CertificateDer<'_>) -> Option<Self> {
        Some(Self {
            fields: Fields::of(certificate)?,
            certificate,
            authority: None,
        })
    }

    fn is_ca(&self) -> bool {
        X509Certificate::from_der(self.certificate).is_ok_and(|(_, it)| it.is_ca())
    }

    fn is_anchor(&self) -> bool {
        self.authority.is_some_and(|it| it.is_anchor)
    }
}

impl<'a> Search<'a> {
    /// Takes in the certificates that the names lead to, each once.
    fn new(leaf: &Fields<'a>, shown: &'a [CertificateDer<'_>], file: &'a [Authority]) -> Self {
        let file = file.iter().filter_map(Candidate::of_file);
        let mut pool: Vec<_> = file
            .chain(shown.iter().filter_map(Candidate::shown))
            .collect();
        let (mut names, mut candidates) = (vec![leaf.issuer], Vec::<Candidate<'_>>::new());
        while let Some(name) = names.pop() {
            let named = pool.extract_if(.., |it| it.fields.subject == name);
            for found in named {
                if candidates
                    .iter()
                    .any(|it| it.certificate == found.certificate)
                {
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

    /// Follows the signatures from the anchors down.
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

    /// A device's own certificate vouches for nothing, whatever its key signed.
    fn may_vouch(&mut self, at: usize) -> bool {
        let candidate = self.candidates[at];
        candidate.authority.is_some()
            || candidate.is_ca() && self.note(candidate.fields.must_not_exceed(LONGEST_RSA))
    }

    fn note(&mut self, checked: Result<(), Reason>) -> bool {
        let is_right = checked.is_ok();
        self.fault = self.fault.take().or(checked.err());
        is_right
    }

    /// Those that signed the leaf.
    fn issuers(&mut self, leaf: &Fields<'_>) -> Result<Vec<usize>, Reason> {
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
            return Err(fault.unwrap_or(Reason::OtherCa));
        }
        Ok(issuers)
    }

    /// Everything above the issuers, up to the anchors.
    fn line(&self, mut found: Vec<usize>) -> Line<'a> {
        let mut at = 0;
        while let Some(&below) = found.get(at) {
            for &(issuer, signed) in &self.signed {
                if signed == below && !found.contains(&issuer) {
                    found.push(issuer);
                }
            }
            at += 1;
        }
        let mut line = Line {
            intermediates: Vec::new(),
            anchors: Vec::new(),
        };
        found.iter().for_each(|at| line.add(self.candidates[*at]));
        line
    }
}

impl<'a> Line<'a> {
    fn add(&mut self, candidate: Candidate<'a>) {
        match candidate.authority {
            Some(anchor) if anchor.is_anchor => self.anchors.push(anchor),
            _ => {
                let name = candidate.fields.subject;
                let mut alike = self.intermediates.iter();
                if alike
                    .by_ref()
                    .filter(|it| it.fields.subject == name)
                    .count()
                    < MOST_ALIKE
                {
                    self.intermediates.push(candidate);
                }
            }
        }
    }
}
