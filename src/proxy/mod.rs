//! A request's way: head, gate, hub, answer, log line.
//!
//! `http1` and `http2` read heads and bring every request to the one gate. What
//! passes goes through `direct`, WebSockets through the tunnel.

pub mod answer;
pub mod authority;
pub mod budget;
pub mod chunks;
pub mod conn;
pub mod cors;
mod direct;
pub mod drain;
pub mod enrolment;
pub mod exchange;
mod failure;
pub mod file_watch;
mod frame;
mod frame_limit;
mod gate;
mod grant;
mod hairpin;
pub mod head;
mod headers;
pub mod http1;
pub mod http2;
mod identity;
pub mod link;
mod loader;
mod pace;
pub mod page;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "that is how a property is broken")]
pub(crate) mod properties;
mod record;
mod reply;
mod session;
pub mod site;
pub mod sites;
mod stall;
pub mod transport;
mod tunnel;
mod websocket;

pub(crate) use self::headers::is_claim;
use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicU64},
};

use arc_swap::{ArcSwap, Guard};

use crate::{
    access::throttle::Throttle,
    acme::challenge::Challenges,
    clients::Clients,
    config::model::Config,
    telemetry::{access_log::AccessLog, counters::Counters, journal::sparse::Sparse},
    tls::Issued,
    upstream::Connector,
};

use self::{
    budget::MemoryBudget, drain::Drain, http2::Http2, link::Link, session::Memory, site::Site,
    sites::Sites,
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
    throttle: Arc<Throttle>,
    /// The lines of the journal for guesses that are not looked at.
    throttled: Sparse,
    /// Counts the changes of files and configuration by which requests are judged.
    edition: AtomicU64,
    memory: Memory,
    /// The proofs that a CA looks for.
    pub challenges: Challenges,
    /// What is answered to the process that hands over to this one, if one does.
    pub takeover: Option<String>,
    /// The house's own devices.
    pub clients: Clients,
    /// The memory of all connections of clients.
    pub budget: Arc<MemoryBudget>,
    /// The connections to hubs.
    pub hubs: Connector,
}

/// Path at which a process answers the one that hands over to it, before a token that both know.
pub const TAKEOVER: &str = "/.well-known/hubgate/";

/// The proxy with what serves each version of HTTP.
pub struct Service {
    /// What all requests share.
    pub proxy: Arc<Proxy>,
    /// What serves HTTP/2 connections.
    pub http2: Arc<Http2>,
}

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
        let memory = Memory::new(&config.state);
        let budget = MemoryBudget::new(config.limits.memory);
        let sites = Sites::build(config, issued)?;
        memory.prepare(&sites);
        Ok(Self {
            sites: ArcSwap::from_pointee(sites),
            log,
            counters: Counters::default(),
            drain: Drain::default(),
            throttle: Arc::new(Throttle::new()),
            throttled: Sparse::default(),
            edition: AtomicU64::new(1),
            memory,
            challenges,
            takeover: None,
            clients,
            budget,
            hubs: Connector::default(),
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
    pub async fn recognise(&self, link: &Link) -> bool {
        self.sites_now().prepare_own(link).await;
        let device = self.sites().own_device(link);
        let seen = device.inspect(|it| self.clients.saw(it.serial(), link.peer.ip()));
        seen.is_some()
    }

    /// Reads or makes what other sites need beside their own files.
    pub fn prepare(&self, sites: &Sites) {
        self.memory.prepare(sites);
    }

    /// Serves other sites, which are prepared, from now on.
    pub fn replace(&self, sites: Sites) {
        sites.remember(&self.sites_now());
        self.budget.set_limit(sites.config.limits.memory);
        self.sites.store(Arc::new(sites));
        self.begin_edition();
    }
}

impl Service {
    /// Serves by this proxy.
    #[must_use]
    pub fn new(proxy: Proxy) -> Self {
        let proxy = Arc::new(proxy);
        let http2 = Arc::new(Http2::new(proxy.clone()));
        Self { proxy, http2 }
    }
}
