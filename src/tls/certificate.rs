//! A certificate with its key, ready to serve, and what is known of it.
//!
//! What cannot be served is an error; what a browser will complain about is a warning, because
//! an expired certificate is better than no site.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, UnixTime},
    sign::{CertifiedKey, SigningKey},
};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{SystemRoots, Warning, chain, day::day, hosts, pem};
use crate::config::model::Host;

/// A certificate with its key, ready to serve, and what is known of it.
#[derive(Debug)]
pub struct Certified {
    /// Chain and key, as rustls serves them.
    pub key: Arc<CertifiedKey>,
    /// The subject alternative names.
    pub names: Vec<Host>,
    /// Begin of its validity.
    pub not_before: OffsetDateTime,
    /// End of its validity.
    pub not_after: OffsetDateTime,
    /// Whether the chain leads to one of the system's roots, so that HSTS locks nobody out.
    pub publicly_trusted: bool,
    /// What browsers will complain about, and what else the operator should know.
    pub warnings: Vec<Warning>,
}

impl Certified {
    /// Reads chain and key from PEM files, which may be one, for the hosts of a site.
    ///
    /// # Errors
    /// A file that is missing, unreadable, empty or damaged, has no certificate or key in it, or
    /// an encrypted key; and a key that fits no certificate.
    pub fn load(
        chain: &Path,
        key: &Path,
        hosts: &[Host],
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let certificates = pem::certificates(chain)?;
        let signing_key = any_supported_type(&pem::key(key)?).map_err(|_| unusable_key(key))?;
        let mut certified = Self::new(&certificates, signing_key, roots)
            .with_context(|| chain.display().to_string())?
            .ok_or_else(|| mismatch(chain, key))?;
        let faults = certified.faults(hosts, OffsetDateTime::now_utc());
        certified.warnings = faults
            .into_iter()
            .map(|fault| fault.of(chain))
            .chain(wide_mode(key))
            .collect();
        Ok(certified)
    }

    /// Puts the certificates in order around the key; none if it fits none of them.
    pub(super) fn new(
        certificates: &[CertificateDer<'static>],
        key: Arc<dyn SigningKey>,
        roots: &SystemRoots,
    ) -> anyhow::Result<Option<Self>> {
        let parsed = parse(certificates)?;
        let Some(order) = chain::order(&parsed, key.as_ref()) else {
            return Ok(None);
        };
        let Some(leaf) = order.first().and_then(|&index| parsed.get(index)) else {
            return Ok(None);
        };
        let chain = chain::arranged(certificates, &order);
        Ok(Some(Self {
            names: hosts::named_by(leaf),
            not_before: leaf.validity().not_before.to_datetime(),
            not_after: leaf.validity().not_after.to_datetime(),
            publicly_trusted: roots.trust(&chain, in_validity(leaf)),
            warnings: disorder(&order).into_iter().collect(),
            key: Arc::new(CertifiedKey::new(chain, key)),
        }))
    }

    fn faults(&self, hosts: &[Host], now: OffsetDateTime) -> Vec<Warning> {
        let found = [self.ended(now), self.not_begun(now), self.unnamed(hosts)];
        let disorder = self.warnings.iter().cloned();
        disorder.chain(found.into_iter().flatten()).collect()
    }

    fn ended(&self, now: OffsetDateTime) -> Option<Warning> {
        let ended = day(self.not_after);
        (now > self.not_after)
            .then(|| Warning::new(format!("the certificate ended on {ended}; renew it")))
    }

    fn not_begun(&self, now: OffsetDateTime) -> Option<Warning> {
        let begins = day(self.not_before);
        (now < self.not_before).then(|| {
            Warning::new(format!(
                "the certificate is valid only from {begins}; check the clock, or renew it"
            ))
        })
    }

    fn unnamed(&self, wanted: &[Host]) -> Option<Warning> {
        let is_missing = |host: &&Host| !hosts::covers(&self.names, host);
        let missing = hosts::list(wanted.iter().filter(is_missing));
        (!missing.is_empty()).then(|| {
            Warning::new(format!(
                "the certificate does not name {missing}, so browsers refuse it there; \
                 get one with all hosts of the site"
            ))
        })
    }
}

fn parse<'a>(
    certificates: &'a [CertificateDer<'static>],
) -> anyhow::Result<Vec<X509Certificate<'a>>> {
    let parse_one = |(index, der): (usize, &'a CertificateDer<'static>)| {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|fault| {
            let number = index + 1;
            anyhow!("certificate {number} in it is damaged ({fault}); get the file again")
        })?;
        Ok(certificate)
    };
    certificates.iter().enumerate().map(parse_one).collect()
}

/// Now, or the nearest moment at which the leaf is valid: trust is asked of the chain, not of
/// the clock, which is often wrong when a small board starts.
fn in_validity(leaf: &X509Certificate<'_>) -> UnixTime {
    let validity = leaf.validity();
    let (begin, end) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let seconds = now.min(end).max(begin);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

fn disorder(order: &[usize]) -> Option<Warning> {
    (!order.is_sorted()).then(|| {
        Warning::new(
            "the certificates are in the wrong order, and served in the right one; \
             put the site's own first, then its issuer",
        )
    })
}

fn unusable_key(key: &Path) -> anyhow::Error {
    anyhow!(
        "{}: a key of a kind that cannot be used; make one of RSA with 2048 bits or more, \
         ECDSA on P-256, P-384 or P-521, or Ed25519",
        key.display()
    )
}

fn mismatch(chain: &Path, key: &Path) -> anyhow::Error {
    anyhow!(
        "{}: this key does not fit the certificate in {}; name the key the certificate was made for",
        key.display(),
        chain.display()
    )
}

/// Warns if others than the owner and its group may read the key, or anybody else write it.
fn wide_mode(key: &Path) -> Option<Warning> {
    let mode = fs::metadata(key).ok()?.permissions().mode() & 0o777;
    (mode & 0o037 != 0).then(|| {
        Warning::new(format!(
            "{0}: too many may read this key (mode {mode:04o}); run: chmod 640 {0}",
            key.display()
        ))
    })
}

#[cfg(test)]
mod tests;
