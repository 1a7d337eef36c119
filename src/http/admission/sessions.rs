//! Sessions: the key of their cookies, and the client certificates that began them.
//!
//! The store lives as long as the process. The gate looks up the session of a request before it
//! decides, and renews the session of an admitted request.

use std::{
    mem,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, atomic::AtomicU64},
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderValue, Version};
use tracing::{error, warn};

use super::arrival::Arrival;
use crate::{
    access::{
        evidence::Known,
        origin::OriginBasis,
        session::{CertificateCache, Chain, Key, Session, Sessions},
        verdict::Admission,
    },
    fields::{FieldName, Fields},
    sites::{Sites, site::Site},
    transport::{
        connection_info::ConnectionInfo,
        grant::{End, Grant, Term},
    },
};

/// The sessions of all sites.
pub(crate) struct SessionStore {
    file: PathBuf,
    key: OnceLock<Option<Key>>,
    chains: CertificateCache,
}

/// The session restored from a request's cookie.
pub(super) struct RestoredSession<'m> {
    /// The sessions of the site, if it has any.
    sessions: Option<Sessions<'m>>,
    /// The session of the request.
    pub(super) session: Option<Session<'m>>,
    /// The client certificate that began the session, if still cached.
    pub(super) chain: Option<Arc<Chain>>,
}

impl RestoredSession<'_> {
    /// The session as evidence for the access rules.
    pub(super) fn known(&self) -> Known<'_> {
        self.session.as_ref().map_or(Known::Nothing, Known::Session)
    }

    /// The grant of an admitted request, for its reevaluation; takes the evidence out of
    /// `admission`.
    pub(super) fn grant(
        &self,
        arrival: &Arrival<'_>,
        admission: &mut Admission,
        ground: OriginBasis,
    ) -> Grant {
        let request = arrival.request;
        let forwarded = request.fields.all(FieldName::XForwardedFor);
        Grant {
            authority: request.authority.cloned(),
            target: arrival.exchange.logged.sent_target(request),
            forwarded: forwarded.map(Box::from).collect(),
            evidence: mem::take(&mut admission.evidence),
            ground,
            session: self.term(),
            chain: self.chain.clone(),
            certified: admission.identity.is_some(),
            alone: request.version == Version::HTTP_2,
            edition: AtomicU64::new(arrival.edition),
            end: End::default(),
        }
    }

    /// The begin and end of the session.
    fn term(&self) -> Option<Term> {
        self.session.as_ref().map(|session| Term {
            began: session.starts(),
            ends: session.ends(),
        })
    }
}

impl SessionStore {
    /// An empty store; its key is a file in the folder `state`.
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            file: state.join("session.key"),
            key: OnceLock::new(),
            chains: CertificateCache::default(),
        }
    }

    /// Reads or creates the key if a site has sessions, so that no request waits for it.
    pub(crate) fn prepare(&self, sites: &Sites) {
        if sites.config.sites.iter().any(|site| site.session.is_some()) {
            self.key();
        }
    }

    /// Looks up the session of a request, unless a page of another site made the request.
    pub(super) fn lookup<'m>(
        &'m self,
        connection: &ConnectionInfo,
        fields: &Fields<'_>,
        site: &'m Site,
        own_page: bool,
    ) -> RestoredSession<'m> {
        let sessions = self.sessions(connection, site);
        let session = sessions.filter(|_| own_page);
        let session = session.and_then(|session| session.open(fields));
        let certificate = session.as_ref().and_then(Session::certificate);
        RestoredSession {
            chain: certificate.and_then(|key| self.chains.get(key)),
            sessions,
            session,
        }
    }

    /// Stores the valid certificate of an admitted request, and returns the session cookie that
    /// its response sets.
    pub(super) fn renew(
        &self,
        connection: &ConnectionInfo,
        restored: &RestoredSession<'_>,
        admission: &Admission,
    ) -> Option<HeaderValue> {
        let (sessions, subject) = (restored.sessions?, admission.subject.as_ref()?);
        let shown = subject.certificate.as_ref();
        if let (Some(identity), Some(chain)) = (shown, connection.chain())
            && chain.leaf() == Some(identity.certificate())
        {
            self.chains.store(identity, chain);
        }
        let cookie = sessions.renew(restored.session.as_ref(), subject)?;
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// The sessions of a site; none in the clear.
    fn sessions<'m>(&'m self, connection: &ConnectionInfo, site: &'m Site) -> Option<Sessions<'m>> {
        connection.tls.as_ref()?;
        Some(Sessions {
            lifetime: site.config.session?,
            key: self.key()?,
            site: &site.config.hosts[0],
            now: SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs(),
        })
    }

    fn key(&self) -> Option<&Key> {
        let load = || match Key::load(&self.file) {
            Ok(loaded) => {
                loaded.warning.inspect(|warning| warn!("{warning}"));
                Some(loaded.key)
            }
            Err(fault) => {
                error!("{}: sessions are off: {fault:#}", self.file.display());
                None
            }
        };
        self.key.get_or_init(load).as_ref()
    }
}
