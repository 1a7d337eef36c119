//! A site, ready to serve: its certificate, access rules and upstreams.

mod builder;
mod state;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::HeaderValue;
use ipnet::IpNet;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use self::builder::SiteBuilder;
pub use self::state::{RevocationList, SiteState};
use super::{
    file_watch::{FileWatch, Refreshed},
    loader::Loader,
};
use crate::{
    access::{
        network::{Client, Peer},
        path::InvalidPath,
        policy::{PathPolicy, Policy},
    },
    config::model::{
        self, ClientCaSource, ClientCertificate, Hsts, Networks, Origin, PathRule, Serve,
    },
    events::site_counters::SiteCounters,
    pages::reader::PageCache,
    tls::{ClientAuth, ClientCa, ClientChain, Identity, SiteTls},
    upstream::Upstream,
};

/// A site, ready to serve.
pub struct Site {
    /// The configuration.
    pub config: Arc<model::Site>,
    /// The first host, which names the site in the log.
    pub name: Arc<str>,
    /// The counters of its requests.
    pub counters: Arc<SiteCounters>,
    /// The certificate and TLS configurations.
    pub tls: SiteTls,
    policy: Policy,
    client_cas: HashMap<ClientCertificate, Arc<ClientCa>>,
    /// `None` if the site redirects or serves.
    upstream: Option<Arc<Upstream>>,
    /// By the index of the path rule.
    path_upstreams: Vec<Option<Arc<Upstream>>>,
    pages: PageCache,
}

/// An address outside of every configured network (TEST-NET-3, RFC 5737).
const INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// Default `max-age` of Strict-Transport-Security: a year, in seconds.
const HSTS_MAX_AGE: u64 = 365 * 24 * 3600;

/// Characters of rule paths that are percent-encoded in a URL (RFC 3986, section 3.3).
const NOT_IN_URL_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

impl Site {
    /// Loads all files of a site; adds the fault of each to `faults`.
    pub(super) fn build(
        config: &Arc<model::Site>,
        loader: &mut Loader<'_>,
        faults: &mut Vec<anyhow::Error>,
    ) -> Option<Self> {
        SiteBuilder::new(config, loader, faults).build()
    }

    /// Returns the location of a request path, as received and without the query.
    ///
    /// # Errors
    /// The path is malformed or ambiguous.
    pub fn place(&self, path: &str) -> Result<PathPolicy<'_>, InvalidPath> {
        self.policy.at_path(path.as_bytes())
    }

    /// Returns the additional origins of a location: the site's and the path rule's.
    #[must_use]
    pub fn origins(&self, place: &PathPolicy<'_>) -> [&[Origin]; 2] {
        let rule = place.path_rule().and_then(|at| self.config.paths.get(at));
        [&self.config.origins, rule.map_or(&[], |rule| &rule.origins)]
    }

    /// Returns the site's prepared local responses.
    pub(crate) fn pages(&self) -> &PageCache {
        &self.pages
    }

    /// Returns the path to redirect to when only the final slash of a rule's path is missing.
    ///
    /// The rule must have an upstream, and no other rule may match the path exactly. The result is
    /// percent-encoded.
    #[must_use]
    pub fn trailing_slash_redirect(&self, place: &PathPolicy<'_>, path: &str) -> Option<String> {
        if path.ends_with('/') || self.config.paths.is_empty() {
            return None;
        }
        let decided = place.path_rule().and_then(|at| self.config.paths.get(at));
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        if decided.is_some_and(|rule| *rule.path == *decoded) {
            return None;
        }
        let is_bare = |rule: &&PathRule| rule.path.strip_suffix('/') == Some(&*decoded);
        let rule = self.config.paths.iter().find(is_bare)?;
        let is_answered = rule.upstream.is_some() || rule.serve.is_some();
        is_answered.then(|| utf8_percent_encode(&rule.path, NOT_IN_URL_PATH).to_string())
    }

    /// Returns the upstream of a location; `None` if the site redirects.
    #[must_use]
    pub fn upstream(&self, place: &PathPolicy<'_>) -> Option<Arc<Upstream>> {
        let own = place
            .path_rule()
            .and_then(|index| self.path_upstreams[index].as_ref());
        own.or(self.upstream.as_ref()).cloned()
    }

    /// Returns the answer of hubgate's own at a location; `None` if it has an upstream.
    #[must_use]
    pub fn serve(&self, place: &PathPolicy<'_>) -> Option<Serve> {
        let rule = place.path_rule().and_then(|at| self.config.paths.get(at));
        match rule {
            Some(rule) if rule.serve.is_some() => rule.serve,
            Some(rule) if rule.upstream.is_some() => None,
            _ => self.config.serve(),
        }
    }

    /// Returns the upstreams of the site and its paths.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        let paths = self.path_upstreams.iter().flatten();
        self.upstream.iter().chain(paths)
    }

    /// Reports whether the handshake requests a certificate from a client at this address: exactly
    /// if one could change the response of some location.
    #[must_use]
    pub fn requests_client_cert(&self, peer: Peer, trusted_proxies: &Networks) -> bool {
        self.policy
            .requests_client_cert(Client::at_handshake(peer, trusted_proxies))
    }

    /// Reports whether the handshake requests a certificate from every client.
    #[must_use]
    pub fn always_requests_client_cert(&self) -> bool {
        let networks = self
            .config
            .rules()
            .filter_map(|rule| rule.networks.as_ref());
        let listed = networks.flat_map(|networks| networks.0.iter().map(IpNet::addr));
        let mut addresses = listed.chain([INTERNET]);
        addresses.all(|address| self.requests_client_cert(address.into(), &Networks::default()))
    }

    /// Returns the device of a chain that hubgate's own client CA validates.
    #[must_use]
    pub fn own_device(&self, chain: &ClientChain) -> Option<Identity> {
        let mut own = self.own_cas();
        own.find_map(|ca| match chain.verdict(ca) {
            ClientAuth::Valid(identity) => Some(identity),
            _ => None,
        })
    }

    /// Prepares the verdicts that [`Site::own_device`] reads.
    pub async fn prepare_own(&self, chain: &Arc<ClientChain>) {
        for ca in self.own_cas() {
            chain.prepare(ca).await;
        }
    }

    fn own_cas(&self) -> impl Iterator<Item = &Arc<ClientCa>> {
        let cas = self.client_cas.iter();
        cas.filter(|(config, _)| config.ca == ClientCaSource::Own)
            .map(|(_, ca)| ca)
    }

    /// Reports whether a connection to `other` may carry requests for this site.
    ///
    /// Both sites must request no certificates, or have equal access rules.
    #[must_use]
    pub fn has_same_client_auth(&self, other: &Self) -> bool {
        let has_cas = |site: &Self| !site.client_cas.is_empty();
        match (has_cas(self), has_cas(other)) {
            (false, false) => true,
            _ => self.config.rules().eq(other.config.rules()),
        }
    }

    /// Returns the verdict of one of the site's client CAs on a chain.
    #[must_use]
    pub fn client_auth(
        &self,
        chain: Option<&Arc<ClientChain>>,
        rule: &ClientCertificate,
    ) -> ClientAuth {
        match (chain, self.client_cas.get(rule)) {
            (Some(chain), Some(client_ca)) => chain.verdict(client_ca),
            _ => ClientAuth::Absent,
        }
    }

    /// Prepares the verdicts that access to a location depends on.
    pub async fn prepare(&self, place: &PathPolicy<'_>, chain: Option<&Arc<ClientChain>>) {
        let Some(chain) = chain else { return };
        for rule in place.certificates() {
            if let Some(client_ca) = self.client_cas.get(rule) {
                chain.prepare(client_ca).await;
            }
        }
    }

    /// Prepares the verdicts of all client CAs.
    pub async fn prepare_all(&self, chain: &Arc<ClientChain>) {
        for client_ca in self.client_cas.values() {
            chain.prepare(client_ca).await;
        }
    }

    /// Reports whether a chain that a rule accepted is still valid for it.
    ///
    /// If a reload removed the rule, all new rules of the same CA must accept the chain.
    #[must_use]
    pub fn still_trusts(
        &self,
        chain: Option<&Arc<ClientChain>>,
        rule: &ClientCertificate,
        trusted: &[ClientCertificate],
    ) -> bool {
        let is_valid = |rule: &&ClientCertificate| {
            matches!(self.client_auth(chain, rule), ClientAuth::Valid(_))
        };
        if self.client_cas.contains_key(rule) {
            return is_valid(&rule);
        }
        let rules = self.client_cas.keys();
        let successors = rules.filter(|new| new.ca.is_same(&rule.ca) && !trusted.contains(new));
        let successors: Vec<_> = successors.collect();
        !successors.is_empty() && successors.iter().all(is_valid)
    }

    /// Returns the value of Strict-Transport-Security (RFC 6797), if the site sends it.
    #[must_use]
    pub fn hsts(&self) -> Option<HeaderValue> {
        let (seconds, subdomains) = match self.config.hsts {
            Hsts::Off => return None,
            Hsts::Auto if !self.tls.certified().publicly_trusted => return None,
            Hsts::Auto => (HSTS_MAX_AGE, false),
            Hsts::On {
                max_age,
                include_subdomains,
            } => (max_age.as_secs(), include_subdomains),
        };
        let subdomains = if subdomains {
            "; includeSubDomains"
        } else {
            ""
        };
        HeaderValue::from_str(&format!("max-age={seconds}{subdomains}")).ok()
    }

    /// Returns the state of the site for `status`.
    #[must_use]
    pub fn state(&self) -> SiteState {
        SiteState::new(self)
    }

    /// Watches the files of the site's certificate.
    pub(super) fn certificate_watch(self: &Arc<Self>) -> FileWatch {
        let name = format!("the certificate of {}", self.config.hosts[0]);
        let site = self.clone();
        FileWatch::new(move || Refreshed::from_change(site.tls.refresh(), &name))
    }
}
