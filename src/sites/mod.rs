//! The sites of a configuration, found by SNI, Host or `:authority`.

pub(crate) mod container_network;
mod enrolment;
mod file_faults;
pub mod file_watch;
mod gateways;
mod loader;
mod nat_loopback;
pub mod site;

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use foldhash::fast::RandomState;
use rustls::ServerConfig;

pub use self::file_faults::UnusableFiles;
use self::{
    container_network::ContainerNetwork,
    file_faults::FileFaults,
    file_watch::FileWatch,
    loader::{Loader, Shared},
    nat_loopback::NatLoopback,
    site::{Site, SiteState},
};
use crate::{
    access::basic::Basic,
    config::model::{Config, Host},
    events::site_counters::SiteTable,
    telemetry::counter::Gauge,
    tls::{self, AcmeCertificates, Identity},
    transport::connection_info::{AcceptedCertificate, ConnectionInfo},
    upstream::{ServerState, Upstream},
};

/// The sites of a configuration, immutable once built.
pub struct Sites {
    /// The configuration.
    pub config: Config,
    /// True if a rule of some site accepts certificates of hubgate's own client CA.
    pub(crate) uses_own_ca: bool,
    by_host: HashMap<Host, Arc<Site>, RandomState>,
    all: Vec<Arc<Site>>,
    shared: Shared,
    watches: Vec<Arc<FileWatch>>,
    placeholder: Arc<ServerConfig>,
    nat_loopback: NatLoopback,
    /// Requests that have not ended.
    pub(crate) in_flight: Gauge,
    container_network: ContainerNetwork,
}

impl Sites {
    /// Loads every file that the configuration names; ACME certificates are in `issued`, and the
    /// sites count in `counters`.
    ///
    /// # Errors
    /// [`UnusableFiles`] with the faults of all files.
    pub fn build(
        config: Config,
        issued: &AcmeCertificates,
        counters: &SiteTable,
    ) -> anyhow::Result<Self> {
        let mut loader = Loader::new(&config, issued, counters);
        let (mut all, mut file_faults) = (Vec::new(), FileFaults::default());
        for (index, site) in config.sites.iter().enumerate() {
            let mut faults = Vec::new();
            all.extend(Site::build(site, &mut loader, &mut faults).map(Arc::new));
            for fault in faults {
                file_faults.add(&config, index, &fault);
            }
        }
        file_faults.check()?;
        let shared = loader.into_shared();
        let watches = shared.watches().into_iter();
        let watches = watches.chain(all.iter().map(Site::certificate_watch));
        let watches = watches.map(Arc::new).collect();
        Ok(Self {
            by_host: by_host(&all),
            all,
            shared,
            watches,
            placeholder: tls::placeholder()?,
            nat_loopback: NatLoopback::load(),
            in_flight: counters.in_flight.clone(),
            container_network: ContainerNetwork::load(),
            uses_own_ca: config.uses_own_ca(),
            config,
        })
    }

    /// Returns the site of a handshake: by server name (SNI), else by local address, else the only
    /// site.
    ///
    /// Each request's Host is checked against the site again.
    #[must_use]
    pub fn of_handshake(&self, name: Option<&Host>, local: IpAddr) -> Option<&Arc<Site>> {
        match name {
            Some(name) => self.of_host(name),
            None => self
                .of_host(&Host::Address(local))
                .or_else(|| self.of_any_address())
                .or_else(|| self.only()),
        }
    }

    /// Returns the site of a connection's handshake.
    #[must_use]
    pub fn of_connection(&self, connection: &ConnectionInfo) -> Option<&Arc<Site>> {
        let tls = connection.tls.as_ref();
        let name = tls.and_then(|tls| tls.server_name.as_ref());
        self.of_handshake(name, connection.local.ip())
    }

    /// Returns the site of a host; an exact name precedes a wildcard.
    #[must_use]
    pub fn of_host(&self, host: &Host) -> Option<&Arc<Site>> {
        if let Some(site) = self.by_host.get(host) {
            return Some(site);
        }
        let Host::Name(name) = host else { return None };
        let (_, parent) = name.split_once('.')?;
        self.by_host.get(&Host::Wildcard(parent.to_owned()))
    }

    /// Returns the TLS configuration for handshakes without a site.
    #[must_use]
    pub fn placeholder(&self) -> Arc<ServerConfig> {
        self.placeholder.clone()
    }

    /// Reports whether all certificates that admitted a connection's requests are still valid, its
    /// own and those of sessions, for each rule that accepted them.
    #[must_use]
    pub fn still_trusts(&self, connection: &ConnectionInfo) -> bool {
        let trusted = connection.accepted_certificates();
        if trusted.is_empty() {
            return true;
        }
        let site = self.of_connection(connection);
        let rules: Vec<_> = trusted
            .iter()
            .map(|accepted| accepted.rule.clone())
            .collect();
        let is_valid = |accepted: &AcceptedCertificate| {
            let chain = accepted.session.as_ref().or(connection.chain());
            site.is_some_and(|site| site.still_trusts(chain, &accepted.rule, &rules))
        };
        trusted.iter().all(is_valid)
    }

    /// Returns the device of a connection with a valid certificate of hubgate's own client CA.
    #[must_use]
    pub fn own_device(&self, connection: &ConnectionInfo) -> Option<Identity> {
        let chain = connection.chain().filter(|chain| !chain.is_empty())?;
        self.of_connection(connection)?.own_device(chain)
    }

    /// Prepares the verdicts that [`Sites::own_device`] reads.
    pub async fn prepare_own(&self, connection: &ConnectionInfo) {
        if let (Some(site), Some(chain)) = (self.of_connection(connection), connection.chain()) {
            site.prepare_own(chain).await;
        }
    }

    /// Prepares the verdicts that [`Sites::still_trusts`] reads.
    pub async fn prepare(&self, connection: &ConnectionInfo) {
        let Some(site) = self.of_connection(connection) else {
            return;
        };
        for trusted in connection.accepted_certificates() {
            if let Some(chain) = trusted.session.as_ref().or(connection.chain()) {
                site.prepare_all(chain).await;
            }
        }
    }

    /// Reports whether a container's network replaces the addresses of clients by this peer's.
    #[must_use]
    pub fn is_masqueraded(&self, peer: IpAddr, local: IpAddr) -> bool {
        self.container_network.is_masqueraded(peer, local)
    }

    /// Marks a connection from the gateway of a container's network; logs the first one, unless it
    /// is a trusted proxy.
    pub(crate) fn mark_masqueraded(&self, connection: &mut ConnectionInfo) {
        let (peer, local) = (connection.peer.ip(), connection.local.ip());
        connection.is_masqueraded = self.is_masqueraded(peer, local);
        if self.has_hidden_client(connection) {
            self.container_network.notice(peer);
        }
    }

    /// Reports whether a container's network hides the client of a connection, and no trusted proxy
    /// names it.
    #[must_use]
    pub fn has_hidden_client(&self, connection: &ConnectionInfo) -> bool {
        let trusted = &self.config.trusted_proxies;
        connection.is_masqueraded && !trusted.contains(connection.peer.ip())
    }

    /// Checks a request that its network admitted for NAT loopback.
    pub(crate) fn check_nat_loopback(&self, connection: &ConnectionInfo, host: Option<&Host>) {
        if let Some(host) = host {
            self.nat_loopback.notice(connection.peer.ip(), host);
        }
    }

    /// Accepts a credential wherever its user exists, without a password check; for dry runs only.
    pub fn assume(&self, basic: &Basic) {
        self.shared.assume(basic);
    }

    /// Returns the names of the sites.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        self.all.iter().map(|site| site.name.clone()).collect()
    }

    /// Returns the states of all servers of upstreams.
    #[must_use]
    pub fn servers(&self) -> Vec<ServerState> {
        self.shared.servers()
    }

    /// Carries the state of the upstreams over a reload.
    pub(crate) fn carry_over(&self, before: &Self) {
        self.shared.remember(&before.shared);
    }

    /// Returns each site with each of its upstreams.
    pub(crate) fn upstreams(&self) -> impl Iterator<Item = (&Arc<Site>, &Arc<Upstream>)> {
        let sites = self.all.iter();
        sites.flat_map(|site| site.upstreams().map(move |upstream| (site, upstream)))
    }

    /// Returns the watches of all files.
    #[must_use]
    pub fn watches(&self) -> Vec<Arc<FileWatch>> {
        self.watches.clone()
    }

    /// Returns the state of each site for `status`.
    #[must_use]
    pub fn states(&self) -> Vec<SiteState> {
        self.all.iter().map(|site| site.state()).collect()
    }

    /// Returns the faults of files that are in use nevertheless.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.shared.warnings();
        for site in &self.all {
            let host = &site.config.hosts[0];
            let of_site = site.tls.warnings().into_iter();
            warnings.extend(of_site.map(|warning| format!("{host}: {warning}")));
        }
        warnings
    }

    /// Returns the site if there is only one.
    fn only(&self) -> Option<&Arc<Site>> {
        match &self.all[..] {
            [site] => Some(site),
            _ => None,
        }
    }

    /// Returns the site with an IP address, for connections to a destination that a router
    /// translated.
    fn of_any_address(&self) -> Option<&Arc<Site>> {
        self.all.iter().find(|site| {
            let hosts = &site.config.hosts;
            hosts.iter().any(|host| matches!(host, Host::Address(_)))
        })
    }
}

fn by_host(sites: &[Arc<Site>]) -> HashMap<Host, Arc<Site>, RandomState> {
    sites
        .iter()
        .flat_map(|site| {
            site.config
                .hosts
                .iter()
                .map(|host| (host.clone(), site.clone()))
        })
        .collect()
}
