//! The reevaluation of grants while their requests last.
//!
//! The gate's rules are applied to the evidence in a grant after a file or the configuration has
//! changed, or after a date that the evidence depends on.

use std::{
    sync::{Arc, atomic::Ordering},
    time::SystemTime,
};

use super::{access, https, site};
use crate::{
    access::{
        evidence::Known,
        network::Client,
        rule::{Credentials, PresentedBy},
    },
    fields::{Field, FieldName, Fields},
    http::proxy::Proxy,
    sites::{Sites, site::Site},
    transport::{connection_info::ConnectionInfo, grant::Grant},
};

/// The edition of a decision by sites that were replaced meanwhile.
const NEVER: u64 = 0;

impl Proxy {
    /// The edition of a decision by these sites, read before it; `NEVER` once they were replaced.
    pub(super) fn edition(&self, sites: &Arc<Sites>) -> u64 {
        let edition = self.edition.load(Ordering::Acquire);
        let current = Arc::ptr_eq(&self.sites(), sites);
        if current { edition } else { NEVER }
    }

    /// Ends the requests of a connection that the gate would refuse now, and returns their number.
    /// Judges only grants that a change or date may affect. Cuts a connection if a proxy that is
    /// no longer trusted named its source.
    pub fn end_unadmitted(&self, connection: &ConnectionInfo) -> usize {
        let now = SystemTime::now();
        let sites = self.current_sites();
        let trusted = &sites.config.trusted_proxies;
        if connection
            .proxy
            .is_some_and(|proxy| !trusted.contains(proxy))
        {
            connection.cut.raise();
            return connection.grants.all().len();
        }
        let edition = self.edition(&sites);
        if edition == NEVER {
            return 0;
        }
        let grants = connection.grants.all();
        let due = grants.iter().filter(|grant| grant.is_due(edition, now));
        let judgement = Judgement {
            sites: &sites,
            connection,
            edition,
            now,
        };
        let refused = due.filter(|grant| !judgement.admits(grant));
        refused.map(|grant| grant.end(&connection.cut)).count()
    }
}

/// One reevaluation of a connection's grants.
struct Judgement<'a> {
    sites: &'a Sites,
    connection: &'a ConnectionInfo,
    edition: u64,
    now: SystemTime,
}

impl Judgement<'_> {
    /// Reports whether the gate would admit the request now, by the evidence in its grant.
    fn admits(&self, grant: &Grant) -> bool {
        let site = site::agreed(self.sites, self.connection, grant.authority.as_ref());
        let Some(site) = site.filter(|_| !https::is_required(self.sites, self.connection)) else {
            return false;
        };
        site.config.redirect().is_none() && self.admits_to(&site, grant)
    }

    fn admits_to(&self, site: &Site, grant: &Grant) -> bool {
        let Ok(place) = site.place(grant.path()) else {
            return false;
        };
        if !place.is_public() && !grant.ground.holds(site.origins(&place)) {
            return false;
        }
        let before = grant.chain.clone().unwrap_or_default();
        let credentials = Credentials {
            client: self.client(grant),
            basic: None,
            known: Known::Admitted {
                evidence: &grant.evidence,
                session_lasts: grant.session_lasts(site.config.session, self.now),
            },
            validate_certificate: |shown, ca: &_| {
                let session = match shown {
                    PresentedBy::Presented => None,
                    PresentedBy::FromSession => Some(&before),
                };
                access::verdict(site, self.connection, session, ca)
            },
        };
        grant.edition.store(self.edition, Ordering::Relaxed);
        place.still_admits(&credentials)
    }

    fn client(&self, grant: &Grant) -> Client {
        let trusted = &self.sites.config.trusted_proxies;
        let mut fields = Fields::default();
        for value in &grant.forwarded {
            let name = FieldName::XForwardedFor.as_str();
            fields.push(Field::new(name.as_bytes(), value));
        }
        Client::from_request(self.connection.network_peer(), trusted, &fields)
    }
}
