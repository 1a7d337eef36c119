//! The state that all requests share: sites, sessions, limits, counters, upstream connections.
//!
//! `server` makes it once. The steps of a request are its methods, each in the file of the step.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::{ArcSwap, Guard};

use super::{admission::sessions::SessionStore, drain::Drain, health::HealthChecks};
use crate::{
    access::{network::Peer, throttle::Throttle},
    acme::{Certificates, challenge::ActiveChallenges},
    config::model::Config,
    devices::Devices,
    events::Events,
    sites::{Sites, site::Site},
    telemetry::line_limit::LineLimit,
    tls::AcmeCertificates,
    transport::{connection_info::ConnectionInfo, memory_budget::MemoryBudget},
    upstream::Connector,
};

/// The state that all requests share.
pub struct Proxy {
    sites: ArcSwap<Sites>,
    /// The readers of events: access log, counters, history.
    pub events: Arc<Events>,
    /// The steps in which the process drains.
    pub drain: Drain,
    pub(super) throttle: Arc<Throttle>,
    /// The limit of journal lines for throttled logins.
    pub(super) throttled: LineLimit,
    /// The number of changes of files and configuration that an admission depends on.
    pub(super) edition: AtomicU64,
    pub(super) sessions: SessionStore,
    /// Challenge responses for CAs.
    pub challenges: ActiveChallenges,
    /// The token that the process which hands over to this one expects at its probe.
    pub takeover: Option<String>,
    /// Certificates of CAs; not set in a dry run.
    pub certificates: OnceLock<Arc<Certificates>>,
    /// Devices with a certificate of hubgate's own CA.
    pub devices: Devices,
    /// The memory budget of all client connections.
    pub budget: Arc<MemoryBudget>,
    /// Upstream connections.
    pub connector: Arc<Connector>,
    /// Health checks of hubs.
    pub health: HealthChecks,
}

/// The path of a hand-over's probe, which ends with a token that both processes know.
pub const TAKEOVER: &str = "/.well-known/hubgate/";

impl Proxy {
    /// Loads the sites with every file that the configuration names.
    ///
    /// # Errors
    /// Every file that cannot be used, in one error.
    pub fn build(
        config: Config,
        events: Arc<Events>,
        issued: &AcmeCertificates,
        challenges: ActiveChallenges,
        devices: Devices,
    ) -> anyhow::Result<Self> {
        let sessions = SessionStore::new(&config.state);
        let budget = MemoryBudget::new(config.limits.memory);
        events.history.keep_addresses(config.history.addresses);
        let sites = Sites::build(config, issued, &events.sites)?;
        sessions.prepare(&sites);
        let connector = Arc::<Connector>::default();
        Ok(Self {
            sites: ArcSwap::from_pointee(sites),
            events,
            drain: Drain::default(),
            throttle: Arc::new(Throttle::new()),
            throttled: LineLimit::per_second(1),
            edition: AtomicU64::new(1),
            sessions,
            challenges,
            takeover: None,
            certificates: OnceLock::new(),
            devices,
            budget,
            health: HealthChecks::new(connector.clone()),
            connector,
        })
    }

    /// The current sites, borrowed for a short time.
    #[must_use]
    pub fn sites(&self) -> Guard<Arc<Sites>> {
        self.sites.load()
    }

    /// The current sites, as an owned handle.
    #[must_use]
    pub fn current_sites(&self) -> Arc<Sites> {
        self.sites.load_full()
    }

    /// Reports whether a handshake for a site requests a client certificate from a peer.
    #[must_use]
    pub fn requests_client_cert(&self, sites: &Sites, site: &Site, peer: Peer) -> bool {
        let is_testing = site.config.uses_own_ca() && self.devices.has_test_window(peer.address);
        is_testing || site.requests_client_cert(peer, &sites.config.trusted_proxies)
    }

    /// Records the device of the connection's client certificate; returns whether there is one.
    pub async fn record_device(&self, connection: &ConnectionInfo) -> bool {
        self.current_sites().prepare_own(connection).await;
        let device = self.sites().own_device(connection);
        let seen = device.inspect(|device| {
            self.devices
                .record_sighting(device.serial(), connection.peer.ip());
        });
        seen.is_some()
    }

    /// Reads or creates the session key if the sites need it.
    pub fn prepare(&self, sites: &Sites) {
        self.sessions.prepare(sites);
    }

    /// Begins an edition after a change of a file or the configuration; every grant is due then.
    pub fn begin_edition(&self) {
        self.edition.fetch_add(1, Ordering::Release);
    }

    /// Replaces the sites by prepared ones.
    pub fn replace(&self, sites: Sites) {
        sites.carry_over(&self.current_sites());
        self.health.follow(&sites);
        self.budget.set_limit(sites.config.limits.memory);
        self.events.sites.keep(&sites.names());
        let addresses = sites.config.history.addresses;
        self.events.history.keep_addresses(addresses);
        self.sites.store(Arc::new(sites));
        self.begin_edition();
    }
}
