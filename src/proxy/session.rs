//! What is kept of visitors for their next requests: the key of the sessions, the certificates.
//!
//! Made once for the life of the process. Who comes back is recalled before the gate decides, and
//! who was let in is kept after it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;
use tracing::{error, warn};

use crate::access::{
    evidence::Known,
    session::{Chain, Chains, Key, Session, Sessions},
    verdict::Admission,
};

use super::{
    exchange::{Exchange, Request},
    grant::Term,
    link::Link,
    site::Site,
    sites::Sites,
};

/// What is kept of visitors for their next requests.
pub(super) struct Memory {
    file: PathBuf,
    key: OnceLock<Option<Key>>,
    chains: Chains,
}

/// What is known again of who sends a request.
pub(super) struct Recalled<'m> {
    /// The sessions of the site; none where it has none.
    sessions: Option<Sessions<'m>>,
    /// The request's.
    pub(super) session: Option<Session<'m>>,
    /// The certificate it began with, unless that was forgotten.
    pub(super) chain: Option<Arc<Chain>>,
}

impl Recalled<'_> {
    /// The session as the access rules take it.
    pub(super) fn known(&self) -> Known<'_> {
        self.session.as_ref().map_or(Known::Nothing, Known::Session)
    }

    /// The life of the session that the request came with.
    pub(super) fn term(&self) -> Option<Term> {
        self.session.as_ref().map(|session| Term {
            began: session.began(),
            ends: session.ends(),
        })
    }
}

impl Memory {
    /// Nothing yet; the key is in the folder of the state.
    pub(super) fn new(state: &Path) -> Self {
        Self {
            file: state.join("session.key"),
            key: OnceLock::new(),
            chains: Chains::default(),
        }
    }

    /// Reads or makes the key when a site needs it, so that no request waits for it.
    pub(super) fn prepare(&self, sites: &Sites) {
        if sites.config.sites.iter().any(|site| site.session.is_some()) {
            self.key();
        }
    }

    /// Looks up the session of a request, if the site's own pages or a person made it.
    pub(super) fn recall<'m>(
        &'m self,
        exchange: &Exchange,
        request: &Request<'_>,
        site: &'m Site,
        own_page: bool,
    ) -> Recalled<'m> {
        let sessions = self.sessions(&exchange.link, site);
        let session = sessions.filter(|_| own_page);
        let session = session.and_then(|it| it.open(request.fields));
        let certificate = session.as_ref().and_then(Session::certificate);
        Recalled {
            chain: certificate.and_then(|key| self.chains.of(key)),
            sessions,
            session,
        }
    }

    /// Keeps who was let in: a good certificate for later, and what the browser is to bring again.
    pub(super) fn keep(
        &self,
        link: &Link,
        recalled: &Recalled<'_>,
        admission: &Admission,
    ) -> Option<HeaderValue> {
        let (sessions, holder) = (recalled.sessions?, admission.holder.as_ref()?);
        let shown = holder.certificate.as_ref();
        if let (Some(identity), Some(chain)) = (shown, link.chain())
            && chain.leaf() == Some(identity.certificate())
        {
            self.chains.remember(identity, chain);
        }
        let cookie = sessions.renew(recalled.session.as_ref(), holder)?;
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// The sessions of a site, over TLS only.
    fn sessions<'m>(&'m self, link: &Link, site: &'m Site) -> Option<Sessions<'m>> {
        link.tls.as_ref()?;
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
                error!("{}: no login is remembered: {fault:#}", self.file.display());
                None
            }
        };
        self.key.get_or_init(load).as_ref()
    }
}
