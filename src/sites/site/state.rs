//! The state of a site for `status`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, serde::rfc3339};

use super::Site;
use crate::{config::model::ClientCaSource, upstream::HubState};

/// The state of a site for `status`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SiteState {
    /// The hosts of the site.
    pub hosts: Vec<String>,
    /// The origin that the site redirects to.
    #[serde(default)]
    pub redirect: Option<String>,
    /// End of the certificate's validity (RFC 3339).
    #[serde(with = "rfc3339")]
    pub certificate_ends: OffsetDateTime,
    /// True while a self-signed certificate is served, until the CA issues one.
    #[serde(default)]
    pub stand_in: bool,
    /// True if browsers trust the certificate without further configuration.
    pub publicly_trusted: bool,
    /// The revocation lists of the site's client CAs.
    pub revocation_lists: Vec<RevocationList>,
    /// The hubs whose health is checked.
    #[serde(default)]
    pub hubs: Vec<HubState>,
    /// Faults of the certificate in service.
    pub warnings: Vec<String>,
}

/// A revocation list in use.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevocationList {
    /// The file.
    pub file: PathBuf,
    /// `nextUpdate` (RFC 3339); from then on the CA's certificates are refused.
    #[serde(with = "rfc3339")]
    pub ends: OffsetDateTime,
    /// Whole days until then; negative after it.
    pub days_left: i64,
}

impl SiteState {
    pub(super) fn new(site: &Site) -> Self {
        let certified = site.tls.certified();
        let hosts = site.config.hosts.iter();
        let warnings = site.tls.warnings();
        Self {
            hosts: hosts.map(ToString::to_string).collect(),
            redirect: site.config.redirect().map(ToString::to_string),
            certificate_ends: certified.not_after,
            stand_in: false,
            publicly_trusted: certified.publicly_trusted,
            revocation_lists: RevocationList::of_site(site, OffsetDateTime::now_utc()),
            hubs: hubs(site),
            warnings: warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The hubs whose health is checked, each once.
fn hubs(site: &Site) -> Vec<HubState> {
    let mut hubs: Vec<HubState> = Vec::new();
    for health in site.upstreams().flat_map(|upstream| upstream.healths()) {
        let hub = health.hub_state();
        if !hubs.contains(&hub) {
            hubs.push(hub);
        }
    }
    hubs
}

impl RevocationList {
    fn of_site(site: &Site, now: OffsetDateTime) -> Vec<Self> {
        let lists = site.client_cas.iter().filter_map(|(config, client_ca)| {
            let ClientCaSource::Files { crl, .. } = &config.ca else {
                return None;
            };
            let ends = client_ca.revocation_ends()?;
            Some(Self {
                file: crl.clone()?,
                ends,
                days_left: (ends - now).whole_seconds().div_euclid(24 * 3600),
            })
        });
        lists.collect()
    }
}
