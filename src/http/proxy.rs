//! The state that all requests share: sites, sessions, limits, counters and connections to hubs.
//!
//! Made once, in `server`; every step of a request is a method of it in the step's own file.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};

use super::{admission::sessions::SessionStore, drain::Drain};
use crate::{
    access::throttle::Throttle,
    acme::challenge::Challenges,
    clients::Clients,
    config::model::Config,
    sites::{Sites, site::Site},
    telemetry::{access_log::AccessLog, counters::Counters, journal::sparse::Sparse},
    tls::Issued,
    transport::{connection_info::ConnectionInfo, memory_budget::MemoryBudget},
    upstream::Connector,
};

/// What all requests share.
pub struct Proxy {
    sites: ArcSwap<Sites>,
    /// One line a request.
    pub log: AccessLog,
    /// What is counted.
    pub counters: Counters,
    /// How far the end of the process has come.
    pub drain: Drain,
    pub(super) throttle: Arc<Throttle>,
    /// The lines of the journal for guesses that are not looked at.
    pub(super) throttled: Sparse,
    /// Counts the changes of files and configuration by which requests are judged.
    pub(super) edition: AtomicU64,
    pub(super) sessions: SessionStore,
    /// The proofs that a CA looks for.
    pub challenges: Challenges,
    /// What is answered to the process that hands over to this one, if one does.
    pub takeover: Option<String>,
    /// The house's own devices.
    pub clients: Clients,
    /// The memory of all connections of clients.
    pub budget: Arc<MemoryBudget>,
    /// The connections to hubs.
    pub connector: Connector,
}

/// Path at which a process answers the one that hands over to it, before a token that both know.
pub const TAKEOVER: &str = "/.well-known/hubgate/";

impl Proxy {
    /// Loads everything the configuration names.
    ///
    /// # Errors
    /// All files that cannot be used, told at once.
    pub fn build(
        config: Config,
        log: AccessLog,
        issued: &Issued,
        challenges: Challenges,
        clients: Clients,
    ) -> anyhow::Result<Self> {
        let sessions = SessionStore::new(&config.state);
        let budget = MemoryBudget::new(config.limits.memory);
        let sites = Sites::build(config, issued)?;
        sessions.prepare(&sites);
        Ok(Self {
            sites: ArcSwap::from_pointee(sites),
            log,
            counters: Counters::default(),
            drain: Drain::default(),
            throttle: Arc::new(Throttle::new()),
            throttled: Sparse::default(),
            edition: AtomicU64::new(1),
            sessions,
            challenges,
            takeover: None,
            clients,
            budget,
            connector: Connector::default(),
        })
    }

    /// The sites as they are now, for a look.
    #[must_use]
    pub fn sites(&self) -> Guard<Arc<Sites>> {
        self.sites.load()
    }

    /// The same, to be kept.
    #[must_use]
    pub fn sites_now(&self) -> Arc<Sites> {
        self.sites.load_full()
    }

    /// Whether a handshake for a site asks a peer for a certificate.
    #[must_use]
    pub fn asks(&self, sites: &Sites, site: &Site, peer: IpAddr) -> bool {
        let tries = site.config.has_own_clients() && self.clients.tries(peer);
        tries || site.asks(peer, &sites.config.trusted_proxies)
    }

    /// Notes that a device of the house showed its certificate; says whether one did.
    pub async fn recognise(&self, connection: &ConnectionInfo) -> bool {
        self.sites_now().prepare_own(connection).await;
        let device = self.sites().own_device(connection);
        let seen = device.inspect(|it| self.clients.saw(it.serial(), connection.peer.ip()));
        seen.is_some()
    }

    /// Reads or makes what other sites need beside their own files.
    pub fn prepare(&self, sites: &Sites) {
        self.sessions.prepare(sites);
    }

    /// Has every grant judged again: a file or the configuration has changed.
    pub fn begin_edition(&self) {
        self.edition.fetch_add(1, Ordering::Release);
    }

    /// Serves other sites, which are prepared, from now on.
    pub fn replace(&self, sites: Sites) {
        sites.remember(&self.sites_now());
        self.budget.set_limit(sites.config.limits.memory);
        self.sites.store(Arc::new(sites));
        self.begin_edition();
    }
}
