//! The order of a served chain: leaf, its issuer, the issuer's issuer (RFC 8446, 4.4.2).

use rustls::{pki_types::CertificateDer, sign::SigningKey};
use x509_parser::certificate::X509Certificate;

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
