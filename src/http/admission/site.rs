//! The site of a request, and the redirect to a folder of it.

use std::sync::Arc;

use super::super::{
    request::Request,
    response::{local_response::LocalResponse, statuses},
};
use crate::{
    access::policy::Place,
    authority::Authority,
    sites::{Sites, site::Site},
    transport::connection_info::ConnectionInfo,
};

/// The site of the host, if the handshake was for it or for one that requests the same client
/// certificates.
pub(super) fn agreed(
    sites: &Sites,
    connection: &ConnectionInfo,
    authority: Option<&Authority>,
) -> Option<Arc<Site>> {
    let site = sites.of_host(&authority?.host)?;
    if connection.tls.is_none() {
        return Some(site.clone());
    }
    let other = sites.of_connection(connection)?;
    other.asks_like(site).then(|| site.clone())
}

/// Redirects a request for `/sub` where an upstream has `/sub/`, as NGINX does; after the access
/// rule of `/sub`, so that it reveals no more than that upstream.
pub(super) fn to_folder(
    site: &Site,
    place: &Place<'_>,
    request: &Request<'_>,
) -> Result<(), LocalResponse> {
    let Some(folder) = site.folder(place, request.path()) else {
        return Ok(());
    };
    let target = request.target;
    let query = target.find('?').map_or("", |at| &target[at..]);
    Err(statuses::to_folder(
        &format!("{folder}{query}"),
        request.method,
    ))
}
