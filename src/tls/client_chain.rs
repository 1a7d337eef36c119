//! The certificates that a client showed, held once per connection with the verdicts on them.
//!
//! A verdict is remembered per CA until its files change or a date that it rests on passes, so
//! requests after the first read it from a short list. A judgement that takes longer runs off the
//! worker threads, once for all requests that wait for it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use rustls::pki_types::CertificateDer;

use super::{
    ClientAuth, ClientCa, Reason,
    fields::Fields,
    handshake_signature, identity,
    verdict::{Underway, Verdict, Verdicts},
};

/// The certificates that a client showed, leaf first, and the verdicts on them.
#[derive(Default)]
pub struct ClientChain {
    shown: Shown,
    verdicts: Mutex<Verdicts>,
}

enum Shown {
    /// Possession of the leaf's key is proven.
    Taken(Vec<CertificateDer<'static>>),
    /// Nothing of it is kept, and it is never valid.
    Refused(Reason),
}

impl ClientChain {
    /// Certificates taken, the leaf included.
    pub const MOST: usize = 8;
    /// Bytes of all certificates together.
    pub const MOST_BYTES: usize = 32 * 1024;
    /// Certificates of a chain that is judged at once.
    const SHORT: usize = 2;

    /// Takes the certificates of a handshake, leaf first; none if the client showed none.
    ///
    /// A chain with more than [`Self::MOST`] certificates or [`Self::MOST_BYTES`] is refused, as
    /// is one with a key of a kind whose possession cannot be checked.
    #[must_use]
    pub fn received(shown: &[CertificateDer<'_>]) -> Self {
        let taken = match refused(shown) {
            Some(reason) => Shown::Refused(reason),
            None => Shown::Taken(shown.iter().map(|it| it.clone().into_owned()).collect()),
        };
        Self {
            shown: taken,
            verdicts: Mutex::default(),
        }
    }

    /// Whether the client showed no certificate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.shown, Shown::Taken(taken) if taken.is_empty())
    }

    /// The client's own certificate, whatever it is worth; none of a refused chain.
    #[must_use]
    pub fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.certificates().first()
    }

    /// The serial number in upper case hexadecimal that the leaf claims to have.
    #[must_use]
    pub fn serial(&self) -> Option<String> {
        identity::claimed_serial(&Fields::of(self.leaf()?)?)
    }

    /// Bytes of all certificates together.
    #[must_use]
    pub fn length(&self) -> usize {
        length(self.certificates())
    }

    /// The verdict of a CA on the chain now.
    #[must_use]
    pub fn verdict(&self, ca: &Arc<ClientCa>) -> ClientAuth {
        match &self.shown {
            Shown::Refused(reason) => return ClientAuth::Invalid(reason.clone()),
            Shown::Taken(taken) if taken.is_empty() => return ClientAuth::Absent,
            Shown::Taken(_) => {}
        }
        let (mut verdicts, now) = (self.lock(), SystemTime::now());
        if let Some(known) = verdicts.current(ca, now) {
            return known;
        }
        // While the list is locked: others wait for this verdict instead of making their own.
        let generation = ca.generation();
        let made = self.judge(ca, now);
        let auth = made.auth.clone();
        verdicts.keep(ca, generation, made);
        auth
    }

    /// Makes the verdict of a CA current, so that [`Self::verdict`] takes no time.
    ///
    /// A long judgement runs off the worker threads, and goes on when the caller gives up.
    pub async fn prepare(self: &Arc<Self>, ca: &Arc<ClientCa>) {
        if let Some(mut underway) = self.underway(ca) {
            // It ends without a verdict only when the judgement panicked.
            underway.wait_for(Option::is_some).await.ok();
        }
    }

    pub(super) fn judge(&self, ca: &ClientCa, now: SystemTime) -> Verdict {
        ca.verdict(self.certificates(), now)
    }

    /// The judgement to wait for, begun if there is none; none when the verdict is at hand.
    fn underway(self: &Arc<Self>, ca: &Arc<ClientCa>) -> Option<Underway> {
        let is_short = self.certificates().len() <= Self::SHORT;
        if is_short && ca.judges_fast() || self.certificates().is_empty() {
            return None;
        }
        let mut verdicts = self.lock();
        if verdicts.current(ca, SystemTime::now()).is_some() {
            return None;
        }
        Some(verdicts.begin(self, ca))
    }

    fn certificates(&self) -> &[CertificateDer<'static>] {
        match &self.shown {
            Shown::Taken(taken) => taken,
            Shown::Refused(_) => &[],
        }
    }

    fn lock(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(shown: &[CertificateDer<'_>]) -> Option<Reason> {
    let leaf = shown.first()?;
    if shown.len() > ClientChain::MOST || length(shown) > ClientChain::MOST_BYTES {
        return Some(Reason::TooManyShown);
    }
    handshake_signature::key(leaf).err()
}

fn length(certificates: &[CertificateDer<'_>]) -> usize {
    certificates.iter().map(|it| it.len()).sum()
}

impl Default for Shown {
    fn default() -> Self {
        Self::Taken(Vec::new())
    }
}

/// Equal when both have the same certificates; a refused chain equals none.
impl PartialEq for ClientChain {
    fn eq(&self, other: &Self) -> bool {
        match (&self.shown, &other.shown) {
            (Shown::Taken(one), Shown::Taken(two)) => one == two,
            _ => false,
        }
    }
}

impl fmt::Debug for ClientChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shown {
            Shown::Taken(taken) => write!(f, "{} certificates", taken.len()),
            Shown::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
