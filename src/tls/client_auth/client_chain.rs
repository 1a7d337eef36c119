//! The certificate chain that a client presented, with cached verdicts; one per connection.
//!
//! A verdict is cached per CA until the CA's files change or a date it depends on passes. Long
//! validations run on blocking threads, once for all requests that wait for them.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::SystemTime,
};

use rustls::pki_types::CertificateDer;
use tokio::{sync::watch, task::spawn_blocking};

use super::{
    identity,
    verdict::Verdict,
    verdict_cache::{PendingVerdict, Verdicts},
};
use crate::tls::{
    ClientAuth, ClientCa, ClientCertificateError, x509::handshake_signature::handshake_key,
};

/// The certificates that a client presented, leaf first, and the verdicts on them.
#[derive(Default)]
pub struct ClientChain {
    presented: Presented,
    verdicts: Mutex<Verdicts>,
}

enum Presented {
    /// The handshake verified that the client holds the leaf's key.
    Accepted(Vec<CertificateDer<'static>>),
    /// The chain is not stored and never valid.
    Refused(ClientCertificateError),
}

impl ClientChain {
    /// Most certificates of a chain, the leaf included.
    pub const MAX_CERTIFICATES: usize = 8;
    /// Most bytes of all certificates together.
    pub const MAX_BYTES: usize = 32 * 1024;
    /// Most certificates of a chain that is validated on a worker thread.
    const SHORT: usize = 2;

    /// Stores the certificates of a handshake, leaf first; empty without a client certificate.
    ///
    /// Refuses a chain with more than [`Self::MAX_CERTIFICATES`] certificates or
    /// [`Self::MAX_BYTES`], or with an unsupported kind of key.
    #[must_use]
    pub fn from_handshake(presented: &[CertificateDer<'_>]) -> Self {
        Self {
            presented: Presented::new(presented),
            verdicts: Mutex::default(),
        }
    }

    /// Reports whether the client presented no certificate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.presented, Presented::Accepted(chain) if chain.is_empty())
    }

    /// Returns the client's certificate, valid or not; `None` for a refused chain.
    #[must_use]
    pub fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.certificates().first()
    }

    /// Returns the leaf's serial number in upper-case hexadecimal, valid or not.
    #[must_use]
    pub fn serial(&self) -> Option<String> {
        identity::unverified_serial(self.leaf()?)
    }

    /// Returns the bytes of all certificates together.
    #[must_use]
    pub fn length(&self) -> usize {
        length(self.certificates())
    }

    /// Returns the current verdict of a CA on the chain; validates it if none is cached.
    #[must_use]
    pub fn verdict(&self, ca: &Arc<ClientCa>) -> ClientAuth {
        match &self.presented {
            Presented::Refused(reason) => return ClientAuth::Invalid(reason.clone()),
            Presented::Accepted(chain) if chain.is_empty() => return ClientAuth::Absent,
            Presented::Accepted(_) => {}
        }
        let (mut verdicts, now) = (self.lock(), SystemTime::now());
        if let Some(cached) = verdicts.current(ca, now) {
            return cached;
        }
        // The lock is held meanwhile, so that other requests wait for this verdict.
        let generation = ca.generation();
        let verdict = self.validate(ca, now);
        let auth = verdict.auth.clone();
        verdicts.store(ca, generation, verdict);
        auth
    }

    /// Prepares the verdict of a CA, so that [`Self::verdict`] returns it from the cache.
    ///
    /// A long validation runs on a blocking thread, and continues if the caller stops waiting.
    pub async fn prepare(self: &Arc<Self>, ca: &Arc<ClientCa>) {
        if let Some(mut pending) = self.pending(ca) {
            // The sender is dropped without a verdict only if the validation panicked.
            pending.wait_for(Option::is_some).await.ok();
        }
    }

    fn validate(&self, ca: &ClientCa, now: SystemTime) -> Verdict {
        ca.verdict(self.certificates(), now)
    }

    /// Returns a long validation to wait for, and starts it if necessary.
    fn pending(self: &Arc<Self>, ca: &Arc<ClientCa>) -> Option<PendingVerdict> {
        let is_short = self.certificates().len() <= Self::SHORT;
        if is_short && ca.validates_fast() || self.certificates().is_empty() {
            return None;
        }
        let mut verdicts = self.lock();
        if verdicts.current(ca, SystemTime::now()).is_some() {
            return None;
        }
        Some(verdicts.pending(ca, |done| {
            tokio::spawn(Self::validate_later(Arc::downgrade(self), ca.clone(), done));
        }))
    }

    /// Validates a chain on a blocking thread, unless its connection closes before one is free.
    async fn validate_later(
        chain: Weak<Self>,
        ca: Arc<ClientCa>,
        done: watch::Sender<Option<Verdict>>,
    ) {
        let _permit = ca.validation_permit().await;
        let Some(chain) = chain.upgrade() else {
            return;
        };
        let validation = spawn_blocking({
            let ca = ca.clone();
            move || chain.validate(&ca, SystemTime::now())
        });
        if let Ok(verdict) = validation.await {
            done.send_replace(Some(verdict));
        }
    }

    fn certificates(&self) -> &[CertificateDer<'static>] {
        match &self.presented {
            Presented::Accepted(chain) => chain,
            Presented::Refused(_) => &[],
        }
    }

    fn lock(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presented {
    fn new(chain: &[CertificateDer<'_>]) -> Self {
        let owned = |der: &CertificateDer<'_>| der.clone().into_owned();
        match Self::refusal(chain) {
            Some(reason) => Self::Refused(reason),
            None => Self::Accepted(chain.iter().map(owned).collect()),
        }
    }

    fn refusal(chain: &[CertificateDer<'_>]) -> Option<ClientCertificateError> {
        let leaf = chain.first()?;
        if chain.len() > ClientChain::MAX_CERTIFICATES || length(chain) > ClientChain::MAX_BYTES {
            return Some(ClientCertificateError::TooManyPresented);
        }
        handshake_key(leaf).err()
    }
}

fn length(certificates: &[CertificateDer<'_>]) -> usize {
    certificates.iter().map(|der| der.len()).sum()
}

impl Default for Presented {
    fn default() -> Self {
        Self::Accepted(Vec::new())
    }
}

/// Chains with the same certificates are equal; a refused chain equals no other.
impl PartialEq for ClientChain {
    fn eq(&self, other: &Self) -> bool {
        match (&self.presented, &other.presented) {
            (Presented::Accepted(own), Presented::Accepted(other)) => own == other,
            _ => false,
        }
    }
}

impl fmt::Debug for ClientChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.presented {
            Presented::Accepted(chain) => write!(f, "{} certificates", chain.len()),
            Presented::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
