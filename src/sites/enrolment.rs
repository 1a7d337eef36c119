//! The link at which a device without a certificate enrols.

use std::{net::SocketAddr, sync::Arc};

use super::{Sites, site::Site};
use crate::{authority::Authority, config::model::Host};

const NO_OWN_CLIENTS: &str =
    "no site has `client_certificate: own` in its access: add it to proxy.yaml and reload";
const ALWAYS_REQUESTED: &str = "a device without a certificate cannot open a connection here, as every connection \
    is asked for one: add `networks: [lan]` to the site's access, name another site with --site, \
    or make files with --out";

impl Sites {
    /// Returns the host and port at which a device without a certificate can open a link.
    ///
    /// The link is on the site of `host`, or on the first site that allows it.
    ///
    /// # Errors
    /// No site has the host, or each one requests a certificate on every connection.
    pub fn enrolling(&self, host: Option<&str>) -> Result<Authority, String> {
        if !self.uses_own_ca {
            return Err(NO_OWN_CLIENTS.to_owned());
        }
        let host = match host {
            Some(host) => self.enrolment_host_of(host)?,
            None => self.first_enrolment_host().ok_or(ALWAYS_REQUESTED)?,
        };
        let https = self.config.listen.https.first().map(SocketAddr::port);
        let port = https.filter(|port| *port != 443);
        Ok(Authority { host, port })
    }

    fn enrolment_host_of(&self, host: &str) -> Result<Host, String> {
        let authority = Authority::parse(host);
        let named =
            authority.and_then(|authority| Some((self.of_host(&authority.host)?, authority.host)));
        let (site, host) = named.ok_or_else(|| format!("no site has the host {host:?}"))?;
        if let Some(origin) = site.config.redirect() {
            return Err(format!(
                "{host} redirects to {origin}: name a host of a site with an `upstream`"
            ));
        }
        if site.always_requests_client_cert() {
            return Err(ALWAYS_REQUESTED.to_owned());
        }
        Ok(host)
    }

    /// Returns a host of the first open site, preferably one that accepts hubgate's own devices.
    fn first_enrolment_host(&self) -> Option<Host> {
        let is_open = |site: &&Arc<Site>| {
            site.config.redirect().is_none() && !site.always_requests_client_cert()
        };
        let open = || self.all.iter().filter(is_open);
        let own = open().filter(|site| site.config.uses_own_ca());
        let mut hosts = own.chain(open());
        hosts.find_map(|site| site.config.public_host().cloned())
    }
}
