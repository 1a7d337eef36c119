//! The chain that is served: leaf, its issuer, the issuer's issuer (RFC 8446, 4.4.2).
//!
//! Each certificate was signed by the next and is valid. What a file or a CA has beside that line is
//! not served: a doubled, foreign or expired certificate helps no client, and some refuse it.

use rustls::{pki_types::CertificateDer, sign::SigningKey};
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;

use super::{Reason, distinguished_name, fields::Fields};

/// The chain that is served, as indices, and what is left out.
pub(super) struct Chain {
    pub(super) line: Vec<usize>,
    /// Each with its name and why.
    pub(super) left_out: Vec<String>,
}

/// One certificate in the two forms that are needed.
struct Candidate<'a> {
    der: &'a CertificateDer<'static>,
    parsed: &'a X509Certificate<'a>,
}

impl Chain {
    /// The line from the certificate of the key, valid at a moment; none if the key fits none.
    pub(super) fn find(
        certificates: &[CertificateDer<'static>],
        parsed: &[X509Certificate<'_>],
        key: &dyn SigningKey,
        moment: OffsetDateTime,
    ) -> Option<Self> {
        let candidates: Vec<_> = certificates
            .iter()
            .zip(parsed)
            .map(|(der, parsed)| Candidate { der, parsed })
            .collect();
        let mut line = vec![parsed.iter().position(|one| fits(one, key))?];
        while let Some(next) = next_issuer(&candidates, &line, moment) {
            line.push(next);
        }
        let left_out = (0..candidates.len())
            .filter(|index| !line.contains(index))
            .filter_map(|index| left_out(&candidates, index, &line, moment))
            .collect();
        Some(Self { line, left_out })
    }

    /// The certificates of the line.
    pub(super) fn of(
        &self,
        certificates: &[CertificateDer<'static>],
    ) -> Vec<CertificateDer<'static>> {
        let found = self.line.iter().map(|&index| certificates.get(index));
        found.flatten().cloned().collect()
    }
}

impl Candidate<'_> {
    fn is_valid(&self, moment: OffsetDateTime) -> bool {
        let validity = self.parsed.validity();
        let (begin, end) = (validity.not_before, validity.not_after);
        begin.to_datetime() <= moment && moment <= end.to_datetime()
    }

    /// Whether it signed another, as far as its algorithms can be checked.
    fn has_signed(&self, other: &Self) -> bool {
        if self.parsed.subject().as_raw() != other.parsed.issuer().as_raw() {
            return false;
        }
        let key = self.parsed.public_key().raw;
        let signed = Fields::of(other.der).map(|fields| fields.must_be_signed_with(key));
        !matches!(signed, None | Some(Err(Reason::BadSignature)))
    }

    fn is_root(&self) -> bool {
        self.parsed.subject().as_raw() == self.parsed.issuer().as_raw()
    }
}

/// Whether a certificate is that of the key.
pub(super) fn fits(certificate: &X509Certificate<'_>, key: &dyn SigningKey) -> bool {
    key.public_key()
        .is_none_or(|public| public.as_ref() == certificate.public_key().raw)
}

fn next_issuer(
    candidates: &[Candidate<'_>],
    line: &[usize],
    moment: OffsetDateTime,
) -> Option<usize> {
    let last = candidates.get(*line.last()?)?;
    if last.is_root() {
        return None;
    }
    let is_new = |one: &Candidate<'_>| {
        let mut members = line.iter().filter_map(|&index| candidates.get(index));
        members.all(|member| member.der != one.der)
    };
    candidates
        .iter()
        .position(|one| is_new(one) && one.is_valid(moment) && one.has_signed(last))
}

/// Name and fault of a certificate that is not served.
fn left_out(
    candidates: &[Candidate<'_>],
    index: usize,
    line: &[usize],
    moment: OffsetDateTime,
) -> Option<String> {
    let one = candidates.get(index)?;
    let mut served = line.iter().filter_map(|&index| candidates.get(index));
    let cause = match () {
        () if served.any(|member| member.der == one.der) => "doubled",
        () if !one.is_valid(moment) => "not valid now",
        () => "not an issuer of the certificate",
    };
    let name = distinguished_name::text(one.parsed.subject());
    Some(format!("{name} ({cause})"))
}
