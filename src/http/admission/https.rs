//! Redirects to another origin, and from http to https.

use http::header;

use crate::{
    authority::Authority,
    http::{
        request::{Exchange, Request},
        response::{local_response::LocalResponse, statuses},
    },
    sites::{Sites, site::Site},
    transport::connection_info::ConnectionInfo,
};

/// Whether the connection is in the clear, and the sites are not served so on purpose.
pub(super) fn is_required(sites: &Sites, connection: &ConnectionInfo) -> bool {
    connection.tls.is_none() && !sites.config.listen.https.is_empty()
}

/// Redirects a request in the clear to https, unless the sites are served so on purpose.
pub(super) fn to_https(exchange: &Exchange, request: &Request<'_>) -> Result<(), LocalResponse> {
    let (sites, connection) = (&exchange.sites, &exchange.connection);
    let https = sites.config.listen.https.first();
    let Some(https) = https.filter(|_| is_required(sites, connection)) else {
        return Ok(());
    };
    let port = match connection.tls_port {
        true => connection.local.port(),
        false => https.port(),
    };
    let public = request.authority.map(|authority| Authority {
        host: authority.host.clone(),
        port: Some(port).filter(|port| *port != 443),
    });
    let location = public.map(|public| format!("https://{public}{}", after_host(request.target)));
    Err(statuses::to_https(location.as_deref(), request.method))
}

/// Redirects every request of a site that has a `redirect`; before https, so that one redirect is
/// enough (RFC 9110, section 15.4).
pub(super) fn to_other_origin(
    site: &Site,
    connection: &ConnectionInfo,
    request: &Request<'_>,
) -> Result<(), LocalResponse> {
    let Some(origin) = site.config.redirect() else {
        return Ok(());
    };
    let location = format!("{origin}{}", after_host(request.target));
    let response = statuses::to_origin(&location, request.method);
    Err(match site.hsts().filter(|_| connection.tls.is_some()) {
        Some(hsts) => response.with(header::STRICT_TRANSPORT_SECURITY, hsts),
        None => response,
    })
}

/// The part of a request's URL behind the host; empty for that of `OPTIONS *` (RFC 9112, section
/// 3.3).
fn after_host(target: &str) -> &str {
    match target {
        "*" => "",
        target => target,
    }
}
