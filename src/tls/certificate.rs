//! A certificate with its key, ready to serve, and what is known of it.
//!
//! What cannot be served is an error; what a browser will complain about is a warning, because
//! an expired certificate is better than no site.

use std::{fmt::Display, fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime},
    sign::{CertifiedKey, SigningKey},
};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    SystemRoots, Warning,
    chain::{self, Chain},
    day::day,
    distinguished_name, hosts, pem,
};
use crate::{config::model::Host, file_access};

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
    /// Certificates that came along and are not served, each with its name and why.
    pub left_out: Vec<String>,
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
        let (chain_place, key_place) = (chain.display(), key.display());
        let loaded_key = pem::key(key).and_then(|key| signing_key(&key, &key_place));
        let (certificates, signing_key) = both(pem::certificates(chain), loaded_key)?;
        let mut certified = Self::new(&certificates, signing_key, roots)
            .with_context(|| chain_place.to_string())?
            .ok_or_else(|| mismatch(&chain_place, &key_place))?;
        certified.warnings = certified.faults(hosts, chain);
        certified.warnings.extend(wide_mode(key));
        Ok(certified)
    }

    /// Reads chain and key from a text that came from `place`, for the hosts of a site.
    ///
    /// # Errors
    /// No certificate or no key in it, or one that is damaged; and a key that fits no certificate.
    pub fn parse(
        text: &[u8],
        place: &str,
        hosts: &[Host],
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let certificates = pem::certificates_in(text, &place)?;
        let signing_key = signing_key(&pem::key_in(text, &place)?, &place)?;
        let mut certified = Self::new(&certificates, signing_key, roots)
            .with_context(|| place.to_owned())?
            .ok_or_else(|| mismatch(&place, &place))?;
        certified.warnings = certified.faults(hosts, Path::new(place));
        Ok(certified)
    }

    /// The certificate itself, without its issuers, in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.key.cert.first().map_or(&[], |leaf| leaf)
    }

    /// The common name of who issued it, or the organisation's.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let (_, leaf) = X509Certificate::from_der(self.leaf()).ok()?;
        let issuer = leaf.issuer();
        distinguished_name::common_name(issuer)
            .or_else(|| Some(distinguished_name::text(issuer)).filter(|text| !text.is_empty()))
    }

    /// Those of the hosts that the certificate does not name.
    #[must_use]
    pub fn missing<'a>(&self, hosts: &'a [Host]) -> Vec<&'a Host> {
        let is_missing = |host: &&Host| !hosts::covers(&self.names, host);
        hosts.iter().filter(is_missing).collect()
    }

    /// Takes the line of certificates from that of the key; none if the key fits none of them.
    pub(super) fn new(
        certificates: &[CertificateDer<'static>],
        key: Arc<dyn SigningKey>,
        roots: &SystemRoots,
    ) -> anyhow::Result<Option<Self>> {
        let parsed = parse(certificates)?;
        let Some(leaf) = parsed.iter().find(|one| chain::fits(one, key.as_ref())) else {
            return Ok(None);
        };
        let moment = in_validity(leaf);
        let chain = Chain::find(certificates, &parsed, key.as_ref(), moment);
        let Some(chain) = chain else { return Ok(None) };
        let line = chain.of(certificates);
        Ok(Some(Self {
            names: hosts::named_by(leaf),
            not_before: leaf.validity().not_before.to_datetime(),
            not_after: leaf.validity().not_after.to_datetime(),
            publicly_trusted: roots.trust(&line, unix_time(moment)),
            warnings: faults_of(&chain).collect(),
            left_out: chain.left_out,
            key: Arc::new(CertifiedKey::new(line, key)),
        }))
    }

    fn faults(&self, hosts: &[Host], place: &Path) -> Vec<Warning> {
        let now = OffsetDateTime::now_utc();
        let found = [self.ended(now), self.not_begun(now), self.unnamed(hosts)];
        let disorder = self.warnings.iter().cloned();
        let faults = disorder.chain(found.into_iter().flatten());
        faults.map(|fault| fault.of(place)).collect()
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
        let missing = hosts::list(self.missing(wanted));
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
fn in_validity(leaf: &X509Certificate<'_>) -> OffsetDateTime {
    let validity = leaf.validity();
    let end = validity.not_after.to_datetime();
    let begin = validity.not_before.to_datetime();
    OffsetDateTime::now_utc().min(end).max(begin)
}

fn unix_time(moment: OffsetDateTime) -> UnixTime {
    let seconds = moment.unix_timestamp().try_into().unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Both values, or every fault, each in a line of its own.
pub(super) fn both<A, B>(
    one: anyhow::Result<A>,
    other: anyhow::Result<B>,
) -> anyhow::Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(anyhow!("{one:#}\n{other:#}")),
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
    }
}

fn faults_of(chain: &Chain) -> impl Iterator<Item = Warning> {
    let disorder = (!chain.line.is_sorted()).then(|| {
        Warning::new(
            "the certificates are in the wrong order, and served in the right one; \
             put the site's own first, then its issuer",
        )
    });
    let left_out = (!chain.left_out.is_empty()).then(|| {
        Warning::new(format!(
            "not served, since they do not belong to the chain: {}; remove them",
            chain.left_out.join(", ")
        ))
    });
    disorder.into_iter().chain(left_out)
}

fn signing_key(
    key: &PrivateKeyDer<'_>,
    place: &dyn Display,
) -> anyhow::Result<Arc<dyn SigningKey>> {
    any_supported_type(key).map_err(|_| {
        anyhow!(
            "{place}: a key of a kind that cannot be used; make one of RSA with 2048 bits or \
             more, ECDSA on P-256, P-384 or P-521, or Ed25519"
        )
    })
}

fn mismatch(chain: &dyn Display, key: &dyn Display) -> anyhow::Error {
    anyhow!(
        "{key}: this key does not fit the certificate in {chain}; name the key the certificate \
         was made for"
    )
}

/// Warns if others than the owner and its group may read the key, or anybody else write it.
fn wide_mode(key: &Path) -> Option<Warning> {
    let _access = file_access::begin(key).ok()?;
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
