//! A CA that issues client certificates for a site, reloaded when its files change.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use rustls::{DistinguishedName, pki_types::CertificateDer};
use time::OffsetDateTime;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    path_validation::{PathLimits, PathValidation},
    trust_store::TrustStore,
    verdict::Verdict,
};
use crate::{
    tls::{ClientAuth, ClientCertificateError, Identity, SystemRoots, Warning},
    watched::Watched,
};

/// A CA that issues client certificates for a site, reloaded when its files change.
pub struct ClientCa {
    ca: PathBuf,
    crl: Option<PathBuf>,
    trust: Watched<TrustStore>,
    allow: Vec<String>,
    limits: PathLimits,
    generation: AtomicU64,
    validations: Semaphore,
}

/// Most concurrent validations on blocking threads, so that no client occupies all of them.
const MAX_VALIDATIONS: usize = 1;
/// Most bytes of revocation lists with which a short chain is validated on a worker; each
/// validation hashes the list of each CA.
const MAX_SHORT_LISTS: usize = 64 * 1024;

impl ClientCa {
    /// Loads the CA certificates and revocation lists.
    ///
    /// `allow` lists the common names that are accepted; an empty list accepts all.
    ///
    /// # Errors
    /// A file is unreadable, empty or damaged; a certificate is no CA certificate, or one of the
    /// system's roots; the file has no trust anchor; or a revocation list is damaged.
    pub fn load(
        ca: PathBuf,
        crl: Option<PathBuf>,
        allow: &[String],
        roots: &Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let files = [Some(&ca), crl.as_ref()];
        let files = files.into_iter().flatten().cloned().collect();
        let load = {
            let (ca, crl, roots) = (ca.clone(), crl.clone(), Arc::clone(roots));
            move || TrustStore::load(&ca, crl.as_deref(), &roots)
        };
        Ok(Self {
            trust: Watched::load(files, load)?,
            ca,
            crl,
            allow: allow.to_vec(),
            limits: PathLimits::default(),
            generation: AtomicU64::new(0),
            validations: Semaphore::new(MAX_VALIDATIONS),
        })
    }

    /// Limits the number of intermediates, as NGINX's `ssl_verify_depth`.
    #[must_use]
    pub fn with_verify_depth(mut self, verify_depth: Option<u32>) -> Self {
        self.limits.verify_depth = verify_depth;
        self
    }

    /// Accepts certificates without extended key usage, including X.509 version 1.
    #[must_use]
    pub fn with_any_use(mut self, any_use: bool) -> Self {
        self.limits.any_use = any_use;
        self
    }

    /// Validates a chain, leaf first; the caller has verified that the client holds the leaf's key.
    ///
    /// # Errors
    /// The reason why the certificate is not accepted.
    pub fn validate(
        &self,
        chain: &[CertificateDer<'_>],
        now: SystemTime,
    ) -> Result<Identity, ClientCertificateError> {
        match self.verdict(chain, now).auth {
            ClientAuth::Valid(identity) => Ok(identity),
            ClientAuth::Invalid(reason) => Err(reason),
            ClientAuth::Absent => Err(ClientCertificateError::Malformed),
        }
    }

    /// Validates a chain; the verdict holds for its validity period unless the files change.
    pub(crate) fn verdict(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> Verdict {
        let trust = self.trust.current();
        let mut validation = PathValidation::new(&trust, self.limits, now);
        let identity = validation.validate(chain);
        let identity = identity.and_then(|identity| self.must_allow(identity));
        Verdict {
            auth: identity.map_or_else(ClientAuth::Invalid, ClientAuth::Valid),
            validity: validation.validity,
        }
    }

    /// Reports whether the lists are short enough to validate a short chain on a worker thread.
    pub(crate) fn validates_fast(&self) -> bool {
        self.trust.current().list_bytes() <= MAX_SHORT_LISTS
    }

    /// Waits until a validation may run on a blocking thread.
    pub(crate) async fn validation_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.validations.acquire().await.ok()
    }

    /// Returns the names of the CAs, for the certificate_authorities extension (RFC 8446, section
    /// 4.2.4).
    #[must_use]
    pub fn subjects(&self) -> Vec<DistinguishedName> {
        self.trust.current().subjects()
    }

    /// Returns the number of changes of the files; verdicts of an earlier generation are outdated.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the earliest end of its revocation lists; from then on the certificates of
    /// that CA are refused.
    #[must_use]
    pub fn revocation_ends(&self) -> Option<OffsetDateTime> {
        self.trust.current().first_list_end
    }

    /// Returns the faults of the files in use.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.trust.current().warnings.clone()
    }

    /// Reloads changed files; names the certificates and lists that were added or removed.
    ///
    /// # Errors
    /// As [`ClientCa::load`], once per change of the files; the last valid state stays.
    pub fn refresh(&self) -> anyhow::Result<Vec<String>> {
        let before = self.trust.current();
        if !self.trust.refresh()? {
            return Ok(Vec::new());
        }
        // After the new state is stored: a verdict by the old one never counts as current.
        self.generation.fetch_add(1, Ordering::Release);
        let after = self.trust.current();
        let mut changes = after.changes(&before, &self.ca, self.crl.as_deref());
        if changes.is_empty() {
            changes.push(self.ca.display().to_string());
        }
        Ok(changes)
    }

    fn must_allow(&self, identity: Identity) -> Result<Identity, ClientCertificateError> {
        let listed = |name: &str| self.allow.iter().any(|allowed| allowed == name);
        if self.allow.is_empty() || identity.common_name().is_some_and(listed) {
            return Ok(identity);
        }
        Err(ClientCertificateError::NotAllowed)
    }
}

#[cfg(test)]
mod tests;
