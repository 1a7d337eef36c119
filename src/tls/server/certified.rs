//! A certificate with its key, ready to serve.
//!
//! A fault that prevents serving is an error. A fault that browsers report is a warning, because an
//! expired certificate is better than no site.

use std::{fmt::Display, fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime},
    sign::{CertifiedKey, SigningKey},
};
use time::OffsetDateTime;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{self_signed::SelfSigned, served_chain::Candidates};
use crate::{
    config::model::Host,
    file_access,
    tls::{
        SystemRoots, Warning,
        x509::{
            date::date,
            distinguished_name::NameText,
            pem::{Pem, both},
            subject_alt_names,
        },
    },
};

/// A certificate with its key, ready to serve.
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
    /// True if the chain ends at one of the system's roots, so that HSTS is safe.
    pub publicly_trusted: bool,
    /// Certificates of the file that are not served, each with its name and the cause.
    pub left_out: Vec<String>,
    /// Faults that browsers report, and others that the operator should know.
    pub warnings: Vec<Warning>,
}

impl Certified {
    /// Loads chain and key from PEM files, which may be one file, for the hosts of a site.
    ///
    /// # Errors
    /// A file is missing, unreadable, empty or damaged; it has no certificate or key, or an
    /// encrypted key; or the key fits no certificate.
    pub fn load(
        chain: &Path,
        key: &Path,
        hosts: &[Host],
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let (chain_place, key_place) = (chain.display(), key.display());
        let loaded_key = Pem::load(key).and_then(|pem| pem.private_key());
        let loaded_key = loaded_key.and_then(|key| signing_key(&key, &key_place));
        let certificates = Pem::load(chain).and_then(|pem| pem.certificates());
        let (certificates, signing_key) = both(certificates, loaded_key)?;
        let mut certified = Self::new(&certificates, signing_key, roots)
            .with_context(|| chain_place.to_string())?
            .ok_or_else(|| mismatch(&chain_place, &key_place))?;
        certified.warnings = certified.faults(hosts, chain);
        certified.warnings.extend(exposed_key(key));
        Ok(certified)
    }

    /// Parses chain and key from one text for the hosts of a site; `place` names it in errors.
    ///
    /// # Errors
    /// The text has no certificate or no key, or a damaged one; or the key fits no certificate.
    pub fn parse(
        text: &[u8],
        place: &str,
        hosts: &[Host],
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        let pem = Pem::from_text(text, place);
        let certificates = pem.certificates()?;
        let signing_key = signing_key(&pem.private_key()?, &place)?;
        let mut certified = Self::new(&certificates, signing_key, roots)
            .with_context(|| place.to_owned())?
            .ok_or_else(|| mismatch(&place, &place))?;
        certified.warnings = certified.faults(hosts, Path::new(place));
        Ok(certified)
    }

    /// Generates a self-signed certificate for the hosts.
    pub(crate) fn self_signed(hosts: &[Host], roots: &SystemRoots) -> anyhow::Result<Self> {
        let generated = SelfSigned::generate(hosts, OffsetDateTime::now_utc())?;
        Self::from_self_signed(generated, roots)
    }

    /// Serves a certificate that was just generated.
    pub(crate) fn from_self_signed(
        generated: SelfSigned,
        roots: &SystemRoots,
    ) -> anyhow::Result<Self> {
        Self::new(&[generated.certificate], generated.key, roots)?
            .context("the key does not fit the certificate just made of it; report this")
    }

    /// Returns the end-entity certificate in DER.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.key.cert.first().map_or(&[], |leaf| leaf)
    }

    /// Returns the issuer's common name, or its whole name if it has none.
    #[must_use]
    pub fn issuer(&self) -> Option<String> {
        let (_, leaf) = X509Certificate::from_der(self.leaf()).ok()?;
        let issuer = NameText(leaf.issuer());
        let whole = || Some(issuer.to_string()).filter(|name| !name.is_empty());
        issuer.common_name().or_else(whole)
    }

    /// Returns the hosts that the certificate does not name.
    #[must_use]
    pub fn missing<'a>(&self, hosts: &'a [Host]) -> Vec<&'a Host> {
        let is_missing = |host: &&Host| !subject_alt_names::match_host(&self.names, host);
        hosts.iter().filter(is_missing).collect()
    }

    /// Selects the chain of the key's certificate; `None` if the key fits no certificate.
    pub(crate) fn new(
        certificates: &[CertificateDer<'static>],
        key: Arc<dyn SigningKey>,
        roots: &SystemRoots,
    ) -> anyhow::Result<Option<Self>> {
        let candidates = Candidates::parse(certificates)?;
        let Some((position, leaf)) = candidates.of_key(key.as_ref()) else {
            return Ok(None);
        };
        let moment = within_validity(leaf);
        let chain = candidates.chain(position, moment);
        Ok(Some(Self {
            names: subject_alt_names::subject_alt_names(leaf),
            not_before: leaf.validity().not_before.to_datetime(),
            not_after: leaf.validity().not_after.to_datetime(),
            publicly_trusted: roots.trusts(&chain.certificates, unix_time(moment)),
            warnings: chain.warnings().collect(),
            left_out: chain.left_out,
            key: Arc::new(CertifiedKey::new(chain.certificates, key)),
        }))
    }

    fn faults(&self, hosts: &[Host], place: &Path) -> Vec<Warning> {
        let now = OffsetDateTime::now_utc();
        let found = [
            self.expired(now),
            self.not_yet_valid(now),
            self.unnamed(hosts),
        ];
        let of_chain = self.warnings.iter().cloned();
        let faults = of_chain.chain(found.into_iter().flatten());
        faults.map(|fault| fault.in_file(place)).collect()
    }

    fn expired(&self, now: OffsetDateTime) -> Option<Warning> {
        let ended = date(self.not_after);
        (now > self.not_after)
            .then(|| Warning::new(format!("the certificate ended on {ended}; renew it")))
    }

    fn not_yet_valid(&self, now: OffsetDateTime) -> Option<Warning> {
        let begins = date(self.not_before);
        (now < self.not_before).then(|| {
            Warning::new(format!(
                "the certificate is valid only from {begins}; check the clock, or renew it"
            ))
        })
    }

    fn unnamed(&self, hosts: &[Host]) -> Option<Warning> {
        let missing: Vec<_> = self
            .missing(hosts)
            .iter()
            .map(ToString::to_string)
            .collect();
        (!missing.is_empty()).then(|| {
            Warning::new(format!(
                "the certificate does not name {}, so browsers refuse it there; \
                 get one with all hosts of the site",
                missing.join(", ")
            ))
        })
    }
}

/// Returns now, or the nearest moment at which the leaf is valid.
///
/// The chain decides on trust, not the clock, which is often wrong when a small board starts.
fn within_validity(leaf: &X509Certificate<'_>) -> OffsetDateTime {
    let validity = leaf.validity();
    let end = validity.not_after.to_datetime();
    let begin = validity.not_before.to_datetime();
    OffsetDateTime::now_utc().min(end).max(begin)
}

fn unix_time(moment: OffsetDateTime) -> UnixTime {
    let seconds = moment.unix_timestamp().try_into().unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
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

/// Warns of a key that the group may write or other users may access.
fn exposed_key(key: &Path) -> Option<Warning> {
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
