//! A site, ready to serve: its certificate, its rules, its upstreams.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use http::HeaderValue;
use ipnet::IpNet;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::loader::Loader;
use crate::{
    access::{
        network::Client,
        path::BadPath,
        policy::{Place, Policy},
    },
    config::model::{self, ClientAuthority, ClientCertificate, Hsts, Networks, Origin, PathRule},
    pages::reader::Pages,
    tls::{ClientAuth, ClientCa, ClientChain, Identity, SiteTls},
    upstream::Upstream,
};

/// A site, ready to serve.
pub struct Site {
    /// What was configured.
    pub config: Arc<model::Site>,
    /// Its first host, to name in the log.
    pub name: Arc<str>,
    /// Its certificate and the ways to hand-shake.
    pub tls: SiteTls,
    policy: Policy,
    authorities: HashMap<ClientCertificate, Arc<ClientCa>>,
    /// None where the site redirects.
    upstream: Option<Arc<Upstream>>,
    /// By the index of the path rule.
    upstreams: Vec<Option<Arc<Upstream>>>,
    pages: Pages,
}

/// What `status` tells of a site.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    /// The hosts it answers to.
    pub hosts: Vec<String>,
    /// The origin that it redirects to.
    #[serde(default)]
    pub redirect: Option<String>,
    /// When its certificate ends (RFC 3339).
    #[serde(with = "rfc3339")]
    pub certificate_ends: OffsetDateTime,
    /// Whether that certificate is hubgate's own, until a CA certifies the site.
    #[serde(default)]
    pub stand_in: bool,
    /// Whether browsers trust the certificate without being told.
    pub publicly_trusted: bool,
    /// The revocation lists by which client certificates are judged.
    pub revocation_lists: Vec<RevocationList>,
    /// What is wrong, though it is served.
    pub warnings: Vec<String>,
}

/// A revocation list in use.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevocationList {
    /// The file.
    pub file: PathBuf,
    /// When it ends (RFC 3339), and with it everybody's entry by a certificate of that CA.
    #[serde(with = "rfc3339")]
    pub ends: OffsetDateTime,
    /// Whole days until then; negative when it has ended.
    pub days_left: i64,
}

/// An address of the Internet that nobody has (RFC 5737).
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// How long browsers remember https by default, in seconds.
const YEAR: u64 = 365 * 24 * 3600;

/// What a path of a rule may hold that a path of a URL may not (RFC 3986, section 3.3).
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}');

impl Site {
    /// Loads everything the site names; what cannot be used is noted in `faults`.
    pub(super) fn build(
        config: &Arc<model::Site>,
        loader: &mut Loader<'_>,
        faults: &mut Vec<anyhow::Error>,
    ) -> Option<Self> {
        let mut keep = Keep(faults);
        for path in config.rules().filter_map(|rule| rule.password.as_ref()) {
            keep.sound(loader.passwords(path));
        }
        let policy = keep.sound(Policy::build(config, |path| loader.passwords(path)));
        let authorities = authorities(config, loader, &mut keep);
        let upstream = own_upstream(config, loader, &mut keep);
        let upstreams = upstreams(config, loader, &mut keep);
        let asked = authorities.iter().flat_map(HashMap::values).cloned();
        let tls = keep.sound(loader.tls(config, &asked.collect::<Vec<_>>()));
        Some(Self {
            upstream: upstream?,
            tls: tls?,
            config: config.clone(),
            name: config.hosts[0].to_string().into(),
            policy: policy?,
            authorities: authorities?,
            upstreams: upstreams?,
            pages: Pages::of(name(config)),
        })
    }

    /// The place a path belongs to; `path` is what stands before the query, as sent.
    ///
    /// # Errors
    /// When the path is malformed or could mean two places.
    pub fn place(&self, path: &str) -> Result<Place<'_>, BadPath> {
        self.policy.place(path.as_bytes())
    }

    /// The further origins that count as own at a place: the site's, and those of its path rule.
    #[must_use]
    pub fn origins(&self, place: &Place<'_>) -> [&[Origin]; 2] {
        let rule = place.path_rule().and_then(|at| self.config.paths.get(at));
        [&self.config.origins, rule.map_or(&[], |rule| &rule.origins)]
    }

    /// Its local responses that are the same for each reader of a kind.
    pub(crate) fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The path of a rule that has a hub below it, for the same path without the slash at its end;
    /// percent-encoded, and none where a rule of its own decides that path.
    #[must_use]
    pub fn folder(&self, place: &Place<'_>, path: &str) -> Option<String> {
        let decided = place.path_rule().and_then(|at| self.config.paths.get(at));
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        if path.ends_with('/') || decided.is_some_and(|rule| *rule.path == *decoded) {
            return None;
        }
        let is_bare = |rule: &&PathRule| rule.path.strip_suffix('/') == Some(&*decoded);
        let rule = self.config.paths.iter().find(is_bare)?;
        rule.upstream.as_ref()?;
        Some(utf8_percent_encode(&rule.path, UNSAFE).to_string())
    }

    /// The servers behind a place; none where the site redirects.
    #[must_use]
    pub fn upstream(&self, place: &Place<'_>) -> Option<Arc<Upstream>> {
        let own = place
            .path_rule()
            .and_then(|index| self.upstreams[index].as_ref());
        own.or(self.upstream.as_ref()).cloned()
    }

    /// Whether a client at this address is asked for a certificate: exactly when one could
    /// change what some place of the site answers.
    #[must_use]
    pub fn asks(&self, peer: IpAddr, trusted_proxies: &Networks) -> bool {
        self.policy
            .asks(Client::at_handshake(peer, trusted_proxies))
    }

    /// Whether every client is asked, wherever it is.
    #[must_use]
    pub fn asks_everywhere(&self) -> bool {
        let networks = self
            .config
            .rules()
            .filter_map(|rule| rule.networks.as_ref());
        let near = networks.flat_map(|it| it.0.iter().map(IpNet::addr));
        let mut places = near.chain([ELSEWHERE]);
        places.all(|place| self.asks(place, &Networks::default()))
    }

    /// The device of the house that a chain is good for.
    #[must_use]
    pub fn own_device(&self, chain: &ClientChain) -> Option<Identity> {
        let mut own = self.own_authorities();
        own.find_map(|ca| match chain.verdict(ca) {
            ClientAuth::Valid(identity) => Some(identity),
            _ => None,
        })
    }

    /// Makes the verdicts current that [`Site::own_device`] needs.
    pub async fn prepare_own(&self, chain: &Arc<ClientChain>) {
        for ca in self.own_authorities() {
            chain.prepare(ca).await;
        }
    }

    fn own_authorities(&self) -> impl Iterator<Item = &Arc<ClientCa>> {
        let all = self.authorities.iter();
        all.filter(|(it, _)| it.ca == ClientAuthority::Own)
            .map(|(_, ca)| ca)
    }

    /// Whether a connection made for `other` may carry requests for this site: its client
    /// was asked for certificates of the same CAs by the same rules, or neither asks at all.
    #[must_use]
    pub fn asks_like(&self, other: &Self) -> bool {
        let asks = |site: &Self| !site.authorities.is_empty();
        match (asks(self), asks(other)) {
            (false, false) => true,
            _ => self.config.rules().eq(other.config.rules()),
        }
    }

    /// What a chain is worth to one of the site's CAs.
    #[must_use]
    pub fn judge(
        &self,
        chain: Option<&Arc<ClientChain>>,
        authority: &ClientCertificate,
    ) -> ClientAuth {
        match (chain, self.authorities.get(authority)) {
            (Some(chain), Some(authority)) => chain.verdict(authority),
            _ => ClientAuth::Absent,
        }
    }

    /// Makes the verdicts current that a decision on a place needs.
    pub async fn prepare(&self, place: &Place<'_>, chain: Option<&Arc<ClientChain>>) {
        let Some(chain) = chain else { return };
        for authority in place.certificates() {
            if let Some(authority) = self.authorities.get(authority) {
                chain.prepare(authority).await;
            }
        }
    }

    /// Makes the verdicts of all CAs current.
    pub async fn prepare_all(&self, chain: &Arc<ClientChain>) {
        for authority in self.authorities.values() {
            chain.prepare(authority).await;
        }
    }

    /// Whether a chain that was good for a rule still is, or for what a reload made of the rule:
    /// the rules of the same CA that are new.
    #[must_use]
    pub fn still_trusts(
        &self,
        chain: Option<&Arc<ClientChain>>,
        rule: &ClientCertificate,
        trusted: &[ClientCertificate],
    ) -> bool {
        let is_good =
            |rule: &&ClientCertificate| matches!(self.judge(chain, rule), ClientAuth::Valid(_));
        if self.authorities.contains_key(rule) {
            return is_good(&rule);
        }
        let rules = self.authorities.keys();
        let successors = rules.filter(|it| it.ca.is_same(&rule.ca) && !trusted.contains(it));
        let successors: Vec<_> = successors.collect();
        !successors.is_empty() && successors.iter().all(is_good)
    }

    /// The Strict-Transport-Security field, when the site sends one.
    #[must_use]
    pub fn hsts(&self) -> Option<HeaderValue> {
        let (seconds, subdomains) = match self.config.hsts {
            Hsts::Off => return None,
            Hsts::Auto if !self.tls.certified().publicly_trusted => return None,
            Hsts::Auto => (YEAR, false),
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

    /// What `status` tells.
    #[must_use]
    pub fn state(&self) -> State {
        let certified = self.tls.certified();
        State {
            hosts: self.config.hosts.iter().map(ToString::to_string).collect(),
            redirect: self.config.redirect().map(ToString::to_string),
            certificate_ends: certified.not_after,
            stand_in: false,
            publicly_trusted: certified.publicly_trusted,
            revocation_lists: self.revocation_lists(OffsetDateTime::now_utc()),
            warnings: self
                .tls
                .warnings()
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }

    fn revocation_lists(&self, now: OffsetDateTime) -> Vec<RevocationList> {
        let lists = self.authorities.iter().filter_map(|(config, authority)| {
            let ClientAuthority::Files { crl, .. } = &config.ca else {
                return None;
            };
            let ends = authority.revocation_ends()?;
            Some(RevocationList {
                file: crl.clone()?,
                ends,
                days_left: (ends - now).whole_seconds().div_euclid(24 * 3600),
            })
        });
        lists.collect()
    }
}

/// The name of a site for people.
fn name(site: &model::Site) -> String {
    let host = site.public_host().or(site.hosts.first());
    host.map_or_else(String::new, ToString::to_string)
}

/// Notes what is wrong and goes on, so that all of it is told.
struct Keep<'a>(&'a mut Vec<anyhow::Error>);

impl Keep<'_> {
    fn sound<T>(&mut self, loaded: anyhow::Result<T>) -> Option<T> {
        loaded.map_err(|fault| self.0.push(fault)).ok()
    }
}

/// The CAs of the rules; none when one of them cannot be used.
fn authorities(
    site: &model::Site,
    loader: &mut Loader<'_>,
    keep: &mut Keep<'_>,
) -> Option<HashMap<ClientCertificate, Arc<ClientCa>>> {
    let rules = site.rules();
    let named = rules.filter_map(|access| access.client_certificate.as_ref());
    let loaded = named.map(|config| Some((config.clone(), keep.sound(loader.authority(config))?)));
    // All are loaded before one that failed counts.
    let loaded: Vec<_> = loaded.collect();
    loaded.into_iter().collect()
}

/// The site's own upstream, if it has one; none when it cannot be used.
fn own_upstream(
    site: &model::Site,
    loader: &mut Loader<'_>,
    keep: &mut Keep<'_>,
) -> Option<Option<Arc<Upstream>>> {
    match site.upstream() {
        Some(upstream) => keep.sound(loader.upstream(upstream)).map(Some),
        None => Some(None),
    }
}

/// The paths' own upstreams, by the index of the path rule; none when one cannot be used.
fn upstreams(
    site: &model::Site,
    loader: &mut Loader<'_>,
    keep: &mut Keep<'_>,
) -> Option<Vec<Option<Arc<Upstream>>>> {
    let paths = site.paths.iter().map(|path| match &path.upstream {
        Some(upstream) => keep.sound(loader.upstream(upstream)).map(Some),
        None => Some(None),
    });
    let loaded: Vec<_> = paths.collect();
    loaded.into_iter().collect()
}
