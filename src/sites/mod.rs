//! All sites of a configuration, found by name: one function for SNI and Host.

pub mod file_watch;
mod loader;
mod nat_loopback;
pub mod site;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use foldhash::fast::RandomState;
use rustls::ServerConfig;

use self::{
    file_watch::{FileWatch, Refreshed},
    loader::{Loader, Shared},
    nat_loopback::NatLoopback,
    site::{Site, State},
};
use crate::{
    access::basic::Basic,
    authority::Authority,
    config::model::{Config, Host},
    tls::{self, Identity, Issued},
    transport::connection_info::{AcceptedCertificate, ConnectionInfo},
};

/// All sites of a configuration; built whole and never changed.
pub struct Sites {
    /// What was configured.
    pub config: Config,
    /// Whether a rule of some site takes the certificates of hubgate's own CA.
    pub(crate) has_own_clients: bool,
    by_host: HashMap<Host, Arc<Site>, RandomState>,
    all: Vec<Arc<Site>>,
    shared: Shared,
    watches: Vec<Arc<FileWatch>>,
    placeholder: Arc<ServerConfig>,
    nat_loopback: NatLoopback,
}

/// Files that the configuration names and that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Sites {
    /// Loads every file the configuration names; certificates of a CA are in `issued`.
    ///
    /// # Errors
    /// All files that cannot be used, told at once.
    pub fn build(config: Config, issued: &Issued) -> anyhow::Result<Self> {
        let mut loader = Loader::new(&config, issued);
        let (mut all, mut told) = (Vec::new(), Vec::new());
        for (nth, site) in config.sites.iter().enumerate() {
            let mut faults = Vec::new();
            all.extend(Site::build(site, &mut loader, &mut faults).map(Arc::new));
            told.extend(faults.iter().flat_map(|fault| located(&config, nth, fault)));
        }
        if !told.is_empty() {
            return Err(Unusable(in_order(told).join("\n")).into());
        }
        let shared = loader.shared();
        let watches = shared.watches().into_iter();
        let watches = watches.chain(all.iter().map(certificate_watch));
        let watches = watches.map(Arc::new).collect();
        Ok(Self {
            by_host: by_host(&all),
            all,
            shared,
            watches,
            placeholder: tls::placeholder()?,
            nat_loopback: NatLoopback::load(),
            has_own_clients: config.has_own_clients(),
            config,
        })
    }

    /// The site a handshake is for: by the name asked for; when none was, by the address, or the
    /// only one. Host still has to be one of its own.
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

    /// The site that a connection was made for.
    #[must_use]
    pub fn of_connection(&self, connection: &ConnectionInfo) -> Option<&Arc<Site>> {
        let tls = connection.tls.as_ref();
        let name = tls.and_then(|tls| tls.server_name.as_ref());
        self.of_handshake(name, connection.local.ip())
    }

    /// The site that answers to a host.
    #[must_use]
    pub fn of_host(&self, host: &Host) -> Option<&Arc<Site>> {
        if let Some(site) = self.by_host.get(host) {
            return Some(site);
        }
        let Host::Name(name) = host else { return None };
        let (_, parent) = name.split_once('.')?;
        self.by_host.get(&Host::Wildcard(parent.to_owned()))
    }

    /// What is served to a handshake for no site: a certificate that names none.
    #[must_use]
    pub fn placeholder(&self) -> Arc<ServerConfig> {
        self.placeholder.clone()
    }

    /// Whether the certificates that let in what a connection carries, its own and those of
    /// sessions, are still good for all rules they were good for.
    #[must_use]
    pub fn still_trusts(&self, connection: &ConnectionInfo) -> bool {
        let trusted = connection.trusted();
        if trusted.is_empty() {
            return true;
        }
        let site = self.of_connection(connection);
        let rules: Vec<_> = trusted.iter().map(|it| it.rule.clone()).collect();
        let holds = |it: &AcceptedCertificate| {
            let chain = it.session.as_ref().or(connection.chain());
            site.is_some_and(|site| site.still_trusts(chain, &it.rule, &rules))
        };
        trusted.iter().all(holds)
    }

    /// The device of the house that a connection is from, if it showed a good certificate.
    #[must_use]
    pub fn own_device(&self, connection: &ConnectionInfo) -> Option<Identity> {
        let chain = connection.chain().filter(|chain| !chain.is_empty())?;
        self.of_connection(connection)?.own_device(chain)
    }

    /// Makes the verdicts current that [`Sites::own_device`] needs.
    pub async fn prepare_own(&self, connection: &ConnectionInfo) {
        if let (Some(site), Some(chain)) = (self.of_connection(connection), connection.chain()) {
            site.prepare_own(chain).await;
        }
    }

    /// Makes the verdicts current that [`Sites::still_trusts`] needs.
    pub async fn prepare(&self, connection: &ConnectionInfo) {
        let Some(site) = self.of_connection(connection) else {
            return;
        };
        for trusted in connection.trusted() {
            if let Some(chain) = trusted.session.as_ref().or(connection.chain()) {
                site.prepare_all(chain).await;
            }
        }
    }

    /// Where a device without a certificate can open a link: on the site of a host, or the first
    /// that does.
    ///
    /// # Errors
    /// When the host is no site's, or none can be opened without being asked for a certificate.
    pub fn enrolling(&self, host: Option<&str>) -> Result<Authority, String> {
        if !self.has_own_clients {
            return Err(NO_OWN_CLIENTS.to_owned());
        }
        let host = match host {
            Some(host) => self.enrolling_at(host)?,
            None => self.enrolling_host().ok_or(ALL_ASK)?,
        };
        let https = self.config.listen.https.first().map(SocketAddr::port);
        let port = https.filter(|port| *port != 443);
        Ok(Authority { host, port })
    }

    fn enrolling_at(&self, host: &str) -> Result<Host, String> {
        let named = Authority::parse(host);
        let named = named.and_then(|it| Some((self.of_host(&it.host)?, it.host)));
        let (site, host) = named.ok_or_else(|| format!("no site has the host {host:?}"))?;
        if let Some(origin) = site.config.redirect() {
            return Err(format!(
                "{host} redirects to {origin}: name a host of a site with an `upstream`"
            ));
        }
        if site.asks_everywhere() {
            return Err(ALL_ASK.to_owned());
        }
        Ok(host)
    }

    fn enrolling_host(&self) -> Option<Host> {
        let serves = |site: &&Arc<Site>| site.config.redirect().is_none();
        let served = || self.all.iter().filter(serves);
        let open = || served().filter(|site| !site.asks_everywhere());
        let mut first_own = open()
            .filter(|site| site.config.has_own_clients())
            .chain(open());
        first_own.find_map(|site| site.config.public_host().cloned())
    }

    /// Watches for NAT loopback in requests that were let in by their network.
    pub(crate) fn notice_network(
        &self,
        connection: &ConnectionInfo,
        authority: Option<&Authority>,
    ) {
        if let Some(authority) = authority {
            self.nat_loopback
                .notice(connection.peer.ip(), &authority.host);
        }
    }

    /// Takes a credential for right wherever its user is known; for rehearsals only.
    pub fn assume(&self, basic: &Basic) {
        self.shared.assume(basic);
    }

    /// Takes over what is known of the hubs from before a reload.
    pub(crate) fn remember(&self, before: &Self) {
        self.shared.remember(&before.shared);
    }

    /// All that is kept current with files.
    #[must_use]
    pub fn watches(&self) -> Vec<Arc<FileWatch>> {
        self.watches.clone()
    }

    /// What `status` tells of each site.
    #[must_use]
    pub fn states(&self) -> Vec<State> {
        self.all.iter().map(|site| site.state()).collect()
    }

    /// What is wrong with files that are used all the same.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.shared.warnings();
        for site in &self.all {
            let told = site.tls.warnings();
            warnings.extend(
                told.iter()
                    .map(|warning| format!("{}: {warning}", site.config.hosts[0])),
            );
        }
        warnings
    }

    /// The site, where there is one only.
    fn only(&self) -> Option<&Arc<Site>> {
        match &self.all[..] {
            [site] => Some(site),
            _ => None,
        }
    }

    /// The site with an address, reached through a router that changed where the packets go.
    fn of_any_address(&self) -> Option<&Arc<Site>> {
        self.all.iter().find(|site| {
            let hosts = &site.config.hosts;
            hosts.iter().any(|host| matches!(host, Host::Address(_)))
        })
    }
}

fn certificate_watch(site: &Arc<Site>) -> FileWatch {
    let what = format!("the certificate of {}", site.config.hosts[0]);
    let site = site.clone();
    FileWatch::new(move || Refreshed::of(site.tls.refresh(), &what))
}

const NO_OWN_CLIENTS: &str =
    "no site has `client_certificate: own` in its access: add it to proxy.yaml and reload";
const ALL_ASK: &str = "a device without a certificate cannot open a connection here, as every connection \
    is asked for one: add `networks: [lan]` to the site's access, name another site with --site, \
    or make files with --out";

/// The faults of a site's files, each with the line of `proxy.yaml` that names the file and the
/// number of that place; those of no file come last.
fn located(config: &Config, nth: usize, fault: &anyhow::Error) -> Vec<(usize, String)> {
    let (text, scope) = (format!("{fault:#}"), format!("sites[{nth}]"));
    let host = config.sites[nth].hosts.first();
    let host = host.map_or_else(String::new, ToString::to_string);
    let lines = text.lines().map(|line| {
        let located = config.named.locate(line, &scope);
        located.unwrap_or_else(|| (usize::MAX, format!("site {host}: {line}")))
    });
    lines.collect()
}

/// A file that several rules name has its fault once.
fn in_order(mut faults: Vec<(usize, String)>) -> Vec<String> {
    faults.sort();
    faults.dedup();
    faults.into_iter().map(|(_, text)| text).collect()
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
