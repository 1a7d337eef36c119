//! The admission of an exchange, judged again while the exchange lasts.
//!
//! Every admitted request is listed with its connection until it ends. What it rests on (site,
//! path, address, passwords, certificates, session, listed origin) is kept, and judged by the gate's own rules
//! when a file or the configuration has changed, or time has ended something of it.

mod end;

use std::{
    fmt,
    future::{pending, poll_fn},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::Version;

use self::end::End;
use super::{gate, sessions::RestoredSession};
use crate::{
    access::{
        evidence::{Evidence, Known},
        network::Client,
        origin::Ground,
        rule::{Shown, Visitor},
        session::Chain,
        verdict::Admission,
    },
    fields::{Field, FieldName, Fields},
    http::{proxy::Proxy, request::Request},
    sites::{Sites, authority::Authority, site::Site},
    transport::connection_info::ConnectionInfo,
};

/// The admission of one exchange, and what it rests on.
pub(super) struct Grant {
    authority: Option<Authority>,
    /// Path without the query, as sent.
    path: String,
    /// The fields that name the client behind a trusted proxy.
    forwarded: Vec<Box<[u8]>>,
    evidence: Evidence,
    /// What the verdict on the page behind the request rests on.
    ground: Ground,
    session: Option<Term>,
    /// The chain of the session's certificate.
    chain: Option<Arc<Chain>>,
    /// Whether it rests on a certificate, which may end or be revoked by nothing but time.
    certified: bool,
    /// Whether its end leaves the connection open: one of several HTTP/2 streams.
    alone: bool,
    /// The edition of files and configuration it was judged by last.
    edition: AtomicU64,
    end: End,
}

/// The life of a session, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) began: u64,
    pub(super) ends: u64,
}

/// The grants of one connection.
#[derive(Debug, Default)]
pub struct Grants(Mutex<Vec<Arc<Grant>>>);

/// A grant in its connection's list, taken out when dropped.
pub struct Listed {
    connection: Arc<ConnectionInfo>,
    grant: Arc<Grant>,
}

impl Proxy {
    /// The edition that a judgement by these sites belongs to; that of no judgement once they
    /// were replaced. To be read before the judgement.
    pub(super) fn edition(&self, sites: &Arc<Sites>) -> u64 {
        let edition = self.edition.load(Ordering::Acquire);
        let current = Arc::ptr_eq(&self.sites(), sites);
        if current { edition } else { NEVER }
    }

    /// Has every open exchange judged again: a file or the configuration has changed.
    pub fn begin_edition(&self) {
        self.edition.fetch_add(1, Ordering::Release);
    }

    /// Ends the exchanges of a connection that would not be admitted any more, and returns how
    /// many. Judges only those for which something may have changed. A connection whose source was
    /// named by a proxy that is no longer trusted ends whole.
    pub fn end_unadmitted(&self, connection: &ConnectionInfo) -> usize {
        let now = SystemTime::now();
        let sites = self.sites_now();
        let trusted = &sites.config.trusted_proxies;
        if connection
            .proxy
            .is_some_and(|proxy| !trusted.contains(proxy))
        {
            connection.cut.cancel();
            return connection.grants.all().len();
        }
        let edition = self.edition(&sites);
        if edition == NEVER {
            return 0;
        }
        let grants = connection.grants.all();
        let due = grants.iter().filter(|grant| grant.is_due(edition, now));
        let refused = due.filter(|grant| !grant.holds(&sites, connection, edition, now));
        refused.map(|grant| grant.end(connection)).count()
    }
}

/// An edition that no files and no configuration have.
const NEVER: u64 = 0;

impl Grant {
    /// The admission of a request, to be judged again at once.
    pub(super) fn new(
        request: &Request<'_>,
        restored: &RestoredSession<'_>,
        admission: &mut Admission,
        ground: Ground,
    ) -> Self {
        Self {
            authority: request.authority.clone(),
            path: gate::path(request.target).to_owned(),
            forwarded: forwarded(request.fields),
            evidence: mem::take(&mut admission.evidence),
            ground,
            session: restored.term(),
            chain: restored.chain.clone(),
            certified: admission.identity.is_some(),
            alone: request.version == Version::HTTP_2,
            edition: AtomicU64::new(NEVER),
            end: End::default(),
        }
    }

    /// The same, judged by the files and configuration of `edition`.
    pub(super) fn judged_by(self, edition: u64) -> Self {
        Self {
            edition: AtomicU64::new(edition),
            ..self
        }
    }

    /// Lists the grant with its connection.
    pub(super) fn list(self, connection: &Arc<ConnectionInfo>) -> Listed {
        let grant = Arc::new(self);
        connection.grants.lock().push(grant.clone());
        Listed {
            connection: connection.clone(),
            grant,
        }
    }

    fn is_due(&self, edition: u64, now: SystemTime) -> bool {
        let judged = self.edition.load(Ordering::Relaxed) == edition;
        let over = || self.session.is_some_and(|term| term.ends <= seconds(now));
        !self.end.has_come() && (!judged || self.certified || over())
    }

    /// Whether the request would be admitted now, by what is left of its evidence.
    fn holds(
        &self,
        sites: &Sites,
        connection: &ConnectionInfo,
        edition: u64,
        now: SystemTime,
    ) -> bool {
        let site = gate::agreed_site(sites, connection, self.authority.as_ref());
        let Some(site) = site.filter(|_| !gate::wants_tls(sites, connection)) else {
            return false;
        };
        if site.config.redirect().is_some() {
            return false;
        }
        let Ok(place) = site.place(&self.path) else {
            return false;
        };
        if !place.is_public() && !self.ground.holds(site.origins(&place)) {
            return false;
        }
        let before = self.chain.clone().unwrap_or_default();
        let visitor = Visitor {
            client: self.client(sites, connection),
            basic: None,
            known: Known::Admitted {
                evidence: &self.evidence,
                session_lasts: self.session_lasts(&site, now),
            },
            judge: |shown, authority: &_| {
                let session = match shown {
                    Shown::Now => None,
                    Shown::Before => Some(&before),
                };
                gate::verdict(&site, connection, session, authority)
            },
        };
        self.edition.store(edition, Ordering::Relaxed);
        place.still_admits(&visitor)
    }

    fn client(&self, sites: &Sites, connection: &ConnectionInfo) -> Client {
        let trusted = &sites.config.trusted_proxies;
        let mut fields = Fields::default();
        for value in &self.forwarded {
            fields.push(Field::new(
                FieldName::XForwardedFor.as_str().as_bytes(),
                value,
            ));
        }
        Client::of_request(connection.peer.ip(), trusted, &fields)
    }

    fn session_lasts(&self, site: &Site, now: SystemTime) -> bool {
        let lifetime = site.config.session;
        let lasts = |term: Term| lifetime.is_some_and(|lifetime| term.lasts(lifetime, now));
        self.session.is_some_and(lasts)
    }

    fn end(&self, connection: &ConnectionInfo) {
        self.end.come();
        if !self.alone {
            connection.cut.cancel();
        }
    }
}

impl Term {
    /// Whether a session of this life, and of no longer one than the site gives, has not ended.
    fn lasts(self, lifetime: Duration, now: SystemTime) -> bool {
        let ends = self.began.saturating_add(lifetime.as_secs());
        seconds(now) < ends.min(self.ends)
    }
}

impl Grants {
    fn all(&self) -> Vec<Arc<Grant>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Grant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listed {
    /// Waits until the exchange is not admitted any more.
    pub(crate) fn ended(listed: Option<&Self>) -> impl Future<Output = ()> + use<> {
        let grant = listed.map(|listed| listed.grant.clone());
        async move {
            match grant {
                Some(grant) => poll_fn(|context| grant.end.poll(context)).await,
                None => pending().await,
            }
        }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut grants = self.connection.grants.lock();
        grants.retain(|grant| !Arc::ptr_eq(grant, &self.grant));
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut grant = formatter.debug_struct("Grant");
        grant.field("path", &self.path).finish_non_exhaustive()
    }
}

/// The fields of a request that its client's address is judged by.
fn forwarded(fields: &Fields<'_>) -> Vec<Box<[u8]>> {
    fields
        .all(FieldName::XForwardedFor)
        .map(Box::from)
        .collect()
}

/// Seconds since 1970; none before.
fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_its_own_end_and_by_the_lifetime_that_a_reload_gives() {
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
