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
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    ClientAuth, Identity, Reason, SystemRoots, Warning,
    judgement::{Judgement, Limits},
    trust::Trust,
    verdict::Verdict,
};
use crate::watched::Watched;

/// The CA whose client certificates a site takes, kept current with its files.
pub struct ClientCa {
    ca: PathBuf,
    crl: Option<PathBuf>,
    trust: Watched<Trust>,
    allow: Vec<String>,
    limits: Limits,
    generation: AtomicU64,
    judging: Semaphore,
}

/// Judgements beside the workers at once: no client occupies the threads for blocking work.
const AT_ONCE: usize = 1;
/// Bytes of revocation lists up to which a short chain is judged at once: each judgement hashes
/// the list of each CA.
const SHORT_LISTS: usize = 64 * 1024;

impl ClientCa {
    /// Reads the CA's certificates and revocation lists; `allow` are the common names let in, all
    /// if there is none.
    ///
    /// # Errors
    /// A file that is unreadable, empty or damaged; a certificate that is no CA's, or one of the
    /// system's roots; a file without an anchor; a revocation list that is damaged.
    pub fn load(
        ca: PathBuf,
        crl: Option<PathBuf>,
        allow: &[String],
        roots: &Arc<SystemRoots>,
    ) -> anyhow::Result<Self> {
        let files = [Some(&ca), crl.as_ref()];
        let files = files.into_iter().flatten().cloned().collect();
        let roots = Arc::clone(roots);
        let named = (ca.clone(), crl.clone());
        let load = move || Trust::load(&named.0, named.1.as_deref(), &roots);
        Ok(Self {
            trust: Watched::load(files, load)?,
            ca,
            crl,
            allow: allow.to_vec(),
            limits: Limits::default(),
            generation: AtomicU64::new(0),
            judging: Semaphore::new(AT_ONCE),
        })
    }

    /// Refuses certificates below more intermediate CAs than this.
    #[must_use]
    pub fn limited_to(mut self, verify_depth: Option<u32>) -> Self {
        self.limits.verify_depth = verify_depth;
        self
    }

    /// Takes certificates without any extended key usage too, also those of X.509 version 1.
    #[must_use]
    pub fn taking_any_use(mut self, any_use: bool) -> Self {
        self.limits.any_use = any_use;
        self
    }

    /// Judges a chain, leaf first, whose leaf's key the client proved to own.
    ///
    /// # Errors
    /// The reason why the certificate does not count.
    pub fn judge(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> Result<Identity, Reason> {
        match self.verdict(chain, now).auth {
            ClientAuth::Valid(identity) => Ok(identity),
            ClientAuth::Invalid(reason) => Err(reason),
            ClientAuth::Absent => Err(Reason::Malformed),
        }
    }

    /// Judges a chain, and says how long that holds unless the files change.
    pub(super) fn verdict(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> Verdict {
        let trust = self.trust.current();
        let mut judgement = Judgement::new(&trust, self.limits, now);
        let judged = judgement.judge(chain).and_then(|it| self.must_allow(it));
        Verdict {
            auth: judged.map_or_else(ClientAuth::Invalid, ClientAuth::Valid),
            span: judgement.span,
        }
    }

    /// Whether a short chain is judged in the time of a handshake.
    pub(super) fn judges_fast(&self) -> bool {
        self.trust.current().length_of_lists() <= SHORT_LISTS
    }

    /// Waits until a judgement may run beside the workers.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.judging.acquire().await.ok()
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

    /// Takes up changed files; names the certificates and lists that verdicts may differ by now.
    ///
    /// # Errors
    /// As [`ClientCa::load`], once for each change of the files; the last good state stays.
    pub fn refresh(&self) -> anyhow::Result<Vec<String>> {
        let before = self.trust.current();
        if !self.trust.refresh()? {
            return Ok(Vec::new());
        }
        // After the new state is in place: a verdict by the old one never counts as current.
        self.generation.fetch_add(1, Ordering::Release);
        let after = self.trust.current();
        let mut changes = after.changes(&before, &self.ca, self.crl.as_deref());
        if changes.is_empty() {
            changes.push(self.ca.display().to_string());
        }
        Ok(changes)
    }

    fn must_allow(&self, identity: Identity) -> Result<Identity, Reason> {
        let listed = |name: &str| self.allow.iter().any(|allowed| allowed == name);
        if self.allow.is_empty() || identity.common_name().is_some_and(listed) {
            return Ok(identity);
        }
        Err(Reason::NotAllowed)
    }
}

#[cfg(test)]
mod tests;
