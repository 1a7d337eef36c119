//! Grants: the admissions of a connection's requests, listed until each request ends.
//!
//! A grant stores the evidence of its admission. `http/admission/reevaluation` evaluates it
//! again after a change of a file or the configuration, or after a date in the evidence.

mod end;

use std::{
    fmt,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

pub(crate) use self::end::End;
use super::signal::Signal;

use crate::{
    access::{evidence::Evidence, origin::OriginBasis, path, session::Chain},
    authority::SentAuthority,
};

/// The admission of one request, and its evidence.
pub(crate) struct Grant {
    /// Host and port of the request.
    pub(crate) authority: Option<Arc<SentAuthority>>,
    /// Path and query as sent.
    pub(crate) target: Arc<str>,
    /// The fields that name the client behind a trusted proxy.
    pub(crate) forwarded: Vec<Box<[u8]>>,
    /// The accounts and certificates that satisfied the access rule.
    pub(crate) evidence: Evidence,
    /// The ground of the verdict on the request's origin.
    pub(crate) ground: OriginBasis,
    /// The term of the session.
    pub(crate) session: Option<Term>,
    /// The chain of the session's certificate.
    pub(crate) chain: Option<Arc<Chain>>,
    /// Set when the admission depends on a certificate, which may expire.
    pub(crate) certified: bool,
    /// Set when the end of the grant ends an HTTP/2 stream, and not the connection.
    pub(crate) alone: bool,
    /// The edition of files and configuration at the last evaluation.
    pub(crate) edition: AtomicU64,
    /// The end of the grant, which its request awaits.
    pub(crate) end: End,
}

/// The term of a session, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    /// Begin.
    pub(crate) began: u64,
    /// End.
    pub(crate) ends: u64,
}

/// The grants of one connection.
#[derive(Debug, Default)]
pub struct Grants(Mutex<Vec<Arc<Grant>>>);

/// A grant in its connection's list, removed when dropped.
pub(crate) struct GrantGuard {
    grants: Arc<Grants>,
    grant: Arc<Grant>,
}

impl Grant {
    /// Adds the grant to the list of its connection.
    pub(crate) fn list(self, grants: &Arc<Grants>) -> GrantGuard {
        let grant = Arc::new(self);
        grants.lock().push(grant.clone());
        GrantGuard {
            grants: grants.clone(),
            grant,
        }
    }

    /// The path that path rules match.
    pub(crate) fn path(&self) -> &str {
        path::of_target(&self.target)
    }

    /// Reports whether the grant has to be evaluated again.
    pub(crate) fn is_due(&self, edition: u64, now: SystemTime) -> bool {
        let judged = self.edition.load(Ordering::Relaxed) == edition;
        let expired = || self.session.is_some_and(|term| term.ends <= seconds(now));
        !self.end.is_set() && (!judged || self.certified || expired())
    }

    /// Reports whether the session has not expired, by its own end and by the lifetime that the
    /// site configures now.
    pub(crate) fn session_lasts(&self, lifetime: Option<Duration>, now: SystemTime) -> bool {
        let lasts = |term: Term| lifetime.is_some_and(|lifetime| term.lasts(lifetime, now));
        self.session.is_some_and(lasts)
    }

    /// Ends the request, and over HTTP/1 cuts its connection.
    pub(crate) fn end(&self, cut: &Signal) {
        self.end.set();
        if !self.alone {
            cut.raise();
        }
    }
}

impl Term {
    /// Reports whether a session of this term, shortened to a lifetime, has not expired.
    fn lasts(self, lifetime: Duration, now: SystemTime) -> bool {
        let ends = self.began.saturating_add(lifetime.as_secs());
        seconds(now) < ends.min(self.ends)
    }
}

impl Grants {
    /// The current grants.
    pub(crate) fn all(&self) -> Vec<Arc<Grant>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Grant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GrantGuard {
    /// Waits until the grant has ended.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + use<> {
        let grant = self.grant.clone();
        async move { poll_fn(|context| grant.end.poll(context)).await }
    }
}

impl Drop for GrantGuard {
    fn drop(&mut self) {
        let mut grants = self.grants.lock();
        grants.retain(|grant| !Arc::ptr_eq(grant, &self.grant));
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grant = formatter.debug_struct("Grant");
        grant.field("path", &self.path()).finish_non_exhaustive()
    }
}

/// Seconds since 1970; 0 before.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_expires_at_its_own_end_or_after_a_shorter_configured_lifetime() {
        let term = Term {
            began: 1000,
            ends: 4600,
        };
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let lasts = |lifetime, second| term.lasts(Duration::from_secs(lifetime), at(second));
        assert!(lasts(3600, 4599) && !lasts(3600, 4600));
        assert!(lasts(300, 1299) && !lasts(300, 1300), "shortened");
        assert!(!lasts(7200, 4600), "prolonged");
    }
}
