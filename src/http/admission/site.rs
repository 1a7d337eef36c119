//! The site of a request, and the redirect from `/sub` to `/sub/`.

use std::sync::Arc;

use super::arrival::Arrival;
use crate::{
    access::policy::PathPolicy,
    authority::SentAuthority,
    http::response::local_response::LocalResponse,
    sites::{Sites, site::Site},
    transport::connection_info::{ConnectionInfo, Handshake},
};

/// Returns the site of a host, if the handshake was for that site or for one that requests the
/// same client certificates.
pub(super) fn agreed(
    sites: &Sites,
    connection: &ConnectionInfo,
    authority: Option<&Arc<SentAuthority>>,
) -> Option<Arc<Site>> {
    let host = &authority?.host;
    let site = sites.of_host(host)?;
    let is_same = |tls: &Handshake| tls.server_name.as_ref() == Some(host);
    if connection.tls.as_ref().is_none_or(is_same) {
        return Some(site.clone());
    }
    let other = sites.of_connection(connection)?;
    other.has_same_client_auth(site).then(|| site.clone())
}

impl Arrival<'_> {
    /// Redirects a request for `/sub` to `/sub/` if a path rule has an upstream there, as NGINX
    /// does. Checked after the access rule of `/sub`, which protects the existence of `/sub/`.
    pub(super) fn redirect_to_folder(
        &self,
        site: &Site,
        place: &PathPolicy<'_>,
    ) -> Result<(), LocalResponse> {
        let Some(folder) = site.trailing_slash_redirect(place, self.request.path()) else {
            return Ok(());
        };
        let target = self.request.target;
        let query = target.find('?').map_or("", |at| &target[at..]);
        Err(LocalResponse::to_folder(
            &format!("{folder}{query}"),
            self.request.method,
        ))
    }
}
