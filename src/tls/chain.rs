//! The order of a served chain: leaf, its issuer, the issuer's issuer (RFC 8446, 4.4.2).

use std::{slice, time::Duration};

use rustls::{
    pki_types::{CertificateDer, UnixTime},
    sign::SigningKey,
};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::SystemRoots;

/// Indices of the certificates in the order to serve; none if the key fits no certificate.
///
/// Certificates outside the leaf's line come last: a client may still build its path with one.
pub(super) fn order(
    certificates: &[X509Certificate<'_>],
    key: &dyn SigningKey,
) -> Option<Vec<usize>> {
    let leaf = certificates.iter().position(|one| fits(one, key))?;
    let mut order = vec![leaf];
    while let Some(next) = next_issuer(certificates, &order) {
        order.push(next);
    }
    let rest: Vec<_> = (0..certificates.len())
        .filter(|index| !order.contains(index))
        .collect();
    order.extend(rest);
    Some(order)
}

/// The certificates in the given order.
pub(super) fn arranged(
    certificates: &[CertificateDer<'static>],
    order: &[usize],
) -> Vec<CertificateDer<'static>> {
    order
        .iter()
        .filter_map(|&index| certificates.get(index).cloned())
        .collect()
}

/// Whether each certificate was, at that moment, issued by the next; the last is taken on trust.
pub(super) fn is_one_line(chain: &[CertificateDer<'_>], moment: OffsetDateTime) -> bool {
    let is_issued = |pair: &[CertificateDer<'_>]| {
        let [one, next] = pair else { return false };
        issuer_and_subject(one, next).is_some_and(|(issuer, subject)| issuer == subject)
    };
    chain.windows(2).all(is_issued) && are_signed(chain, moment)
}

fn issuer_and_subject<'a>(
    one: &'a CertificateDer<'_>,
    next: &'a CertificateDer<'_>,
) -> Option<(&'a [u8], &'a [u8])> {
    let (_, one) = X509Certificate::from_der(one).ok()?;
    let (_, next) = X509Certificate::from_der(next).ok()?;
    Some((one.issuer.as_raw(), next.subject.as_raw()))
}

/// The last certificate serves as the root; a chain of one has nothing to look at.
fn are_signed(chain: &[CertificateDer<'_>], moment: OffsetDateTime) -> bool {
    let Some((last, line)) = chain.split_last() else {
        return false;
    };
    let seconds = moment.unix_timestamp().try_into().unwrap_or(0);
    let moment = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    line.is_empty() || SystemRoots::from_certificates(slice::from_ref(last)).trust(line, moment)
}

fn fits(certificate: &X509Certificate<'_>, key: &dyn SigningKey) -> bool {
    key.public_key()
        .is_none_or(|public| public.as_ref() == certificate.public_key().raw)
}

fn next_issuer(certificates: &[X509Certificate<'_>], order: &[usize]) -> Option<usize> {
    let last = certificates.get(*order.last()?)?;
    let issuer = last.issuer().as_raw();
    certificates
        .iter()
        .enumerate()
        .position(|(index, one)| !order.contains(&index) && one.subject().as_raw() == issuer)
}
