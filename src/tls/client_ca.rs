//! The CA whose client certificates a site takes, kept current with its files.

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

use super::{Identity, Reason, SystemRoots, Warning, trust::Trust};
use crate::watched::Watched;

/// The CA whose client certificates a site takes, kept current with its files.
pub struct ClientCa {
    trust: Watched<Trust>,
    allow: Vec<String>,
    verify_depth: Option<u8>,
    generation: AtomicU64,
}

impl ClientCa {
    /// Reads the CA's certificates and revocation lists; `allow` are the common names let in, all
    /// if there is none.
    ///
    /// # Errors
    /// A file that is unreadable, empty or damaged; a certificate that is no CA's, or one of the
    /// system's roots; a revocation list that is damaged or not signed by one of the CAs.
    pub fn load(
        ca: PathBuf,
        crl: Option<PathBuf>,
        allow: &[String],
        roots: &Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let files = [Some(&ca), crl.as_ref()];
        let files = files.into_iter().flatten().cloned().collect();
        let roots = Arc::clone(roots);
        Ok(Self {
            trust: Watched::load(files, move || Trust::load(&ca, crl.as_deref(), &roots))?,
            allow: allow.to_vec(),
            verify_depth: None,
            generation: AtomicU64::new(0),
        })
    }

    /// Refuses certificates below more intermediate CAs than this.
    #[must_use]
    pub fn limited_to(mut self, verify_depth: Option<u8>) -> Self {
        self.verify_depth = verify_depth;
        self
    }

    /// Judges a chain, leaf first, whose leaf's key the client proved to own.
    ///
    /// # Errors
    /// The reason why the certificate does not count.
    pub fn judge(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> Result<Identity, Reason> {
        let identity = self.trust.current().judge(chain, now, self.verify_depth)?;
        if self.allows(&identity) {
            return Ok(identity);
        }
        Err(Reason::NotAllowed)
    }

    /// The CAs' names, for the hint in the request for a certificate (RFC 8446, 4.2.4).
    #[must_use]
    pub fn subjects(&self) -> Vec<DistinguishedName> {
        self.trust.current().subjects()
    }

    /// Counts the changes of the files: verdicts of another generation are to be made again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// When the first of its revocation lists ends; from then on nobody is let in by it.
    #[must_use]
    pub fn revocation_ends(&self) -> Option<OffsetDateTime> {
        self.trust.current().lists_end
    }

    /// What is wrong with the CA, though it is used.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.trust.current().warnings.clone()
    }

    /// Takes up changed files; says whether verdicts may differ now.
    ///
    /// # Errors
    /// As [`ClientCa::load`], once for each change of the files; the last good state stays.
    pub fn refresh(&self) -> anyhow::Result<bool> {
        let changed = self.trust.refresh()?;
        if changed {
            // After the new state is in place: a verdict by the old one never looks current.
            self.generation.fetch_add(1, Ordering::Release);
        }
        Ok(changed)
    }

    fn allows(&self, identity: &Identity) -> bool {
        let listed = |name: &str| self.allow.iter().any(|allowed| allowed == name);
        self.allow.is_empty() || identity.common_name().is_some_and(listed)
    }
}

#[cfg(test)]
mod tests;
