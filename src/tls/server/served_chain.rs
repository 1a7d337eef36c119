//! The certificate chain of a server: leaf, its issuer, the issuer's issuer (RFC 8446, section
//! 4.4.2).
//!
//! Each certificate is valid and signed by the next. Others in the file are not served: duplicate,
//! foreign or expired certificates help no client, and some clients refuse them.

use anyhow::anyhow;
use rustls::{pki_types::CertificateDer, sign::SigningKey};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::tls::{
    ClientCertificateError, Warning,
    x509::{certificate_fields::CertificateFields, distinguished_name::NameText},
};

/// The chain that is served.
pub(crate) struct ServedChain {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// Certificates that are not served, each with its name and the cause.
    pub(crate) left_out: Vec<String>,
    /// True if the file has the certificates in this order.
    is_in_order: bool,
}

/// The certificates of a file, of which some form the chain.
pub(crate) struct Candidates<'a>(Vec<Candidate<'a>>);

/// A certificate, encoded and parsed.
struct Candidate<'a> {
    der: &'a CertificateDer<'static>,
    parsed: X509Certificate<'a>,
}

impl ServedChain {
    /// Warns of a wrong order and of certificates that are not served.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = Warning> + use<> {
        let disorder = (!self.is_in_order).then(|| {
            Warning::new(
                "the certificates are in the wrong order, and served in the right one; \
                 put the site's own first, then its issuer",
            )
        });
        let left_out = (!self.left_out.is_empty()).then(|| {
            Warning::new(format!(
                "not served, since they do not belong to the chain: {}; remove them",
                self.left_out.join(", ")
            ))
        });
        disorder.into_iter().chain(left_out)
    }
}

impl<'a> Candidates<'a> {
    /// Parses the certificates of a file.
    pub(crate) fn parse(certificates: &'a [CertificateDer<'static>]) -> anyhow::Result<Self> {
        let parse = |(number, der): (usize, &'a CertificateDer<'static>)| {
            let (_, parsed) = X509Certificate::from_der(der).map_err(|fault| {
                anyhow!("certificate {number} in it is damaged ({fault}); get the file again")
            })?;
            Ok(Candidate { der, parsed })
        };
        let candidates = (1..).zip(certificates).map(parse);
        candidates.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the first certificate of a key, with its position.
    pub(crate) fn of_key(&self, key: &dyn SigningKey) -> Option<(usize, &X509Certificate<'a>)> {
        let mut candidates = self.0.iter().enumerate();
        let (position, leaf) = candidates.find(|(_, candidate)| candidate.fits(key))?;
        Some((position, &leaf.parsed))
    }

    /// Builds the chain of the certificate at this position, valid at a moment.
    pub(crate) fn chain(&self, leaf: usize, moment: OffsetDateTime) -> ServedChain {
        let mut positions = vec![leaf];
        while let Some(next) = self.next_issuer(&positions, moment) {
            positions.push(next);
        }
        let left_out = (0..self.0.len())
            .filter(|position| !positions.contains(position))
            .filter_map(|position| self.left_out(position, &positions, moment))
            .collect();
        let served = self.at(&positions);
        ServedChain {
            certificates: served.map(|candidate| candidate.der.clone()).collect(),
            is_in_order: positions.is_sorted(),
            left_out,
        }
    }

    fn at(&self, positions: &[usize]) -> impl Iterator<Item = &Candidate<'a>> {
        positions
            .iter()
            .filter_map(|&position| self.0.get(position))
    }

    /// Finds the issuer of the last certificate of a chain; a root ends the chain.
    fn next_issuer(&self, chain: &[usize], moment: OffsetDateTime) -> Option<usize> {
        let last = self.0.get(*chain.last()?)?;
        if last.is_root() {
            return None;
        }
        let is_new = |candidate: &Candidate<'_>| {
            let mut members = self.at(chain);
            members.all(|member| member.der != candidate.der)
        };
        self.0.iter().position(|candidate| {
            is_new(candidate) && candidate.is_valid(moment) && candidate.has_signed(last)
        })
    }

    /// Describes a certificate that is not served, with the cause.
    fn left_out(&self, position: usize, chain: &[usize], moment: OffsetDateTime) -> Option<String> {
        let candidate = self.0.get(position)?;
        let mut served = self.at(chain);
        let cause = match () {
            () if served.any(|member| member.der == candidate.der) => "doubled",
            () if !candidate.is_valid(moment) => "not valid now",
            () => "not an issuer of the certificate",
        };
        let name = NameText(candidate.parsed.subject());
        Some(format!("{name} ({cause})"))
    }
}

impl Candidate<'_> {
    /// Reports whether the certificate is for this key.
    fn fits(&self, key: &dyn SigningKey) -> bool {
        key.public_key()
            .is_none_or(|public| public.as_ref() == self.parsed.public_key().raw)
    }

    fn is_valid(&self, moment: OffsetDateTime) -> bool {
        let validity = self.parsed.validity();
        let (begin, end) = (validity.not_before, validity.not_after);
        begin.to_datetime() <= moment && moment <= end.to_datetime()
    }

    /// Reports whether this certificate's key signed another; an unknown algorithm counts as
    /// signed.
    fn has_signed(&self, other: &Self) -> bool {
        if self.parsed.subject().as_raw() != other.parsed.issuer().as_raw() {
            return false;
        }
        let key = self.parsed.public_key().raw;
        let fields = CertificateFields::parse(other.der);
        let signed = fields.map(|fields| fields.must_be_signed_with(key));
        !matches!(
            signed,
            None | Some(Err(ClientCertificateError::BadSignature))
        )
    }

    fn is_root(&self) -> bool {
        self.parsed.subject().as_raw() == self.parsed.issuer().as_raw()
    }
}
