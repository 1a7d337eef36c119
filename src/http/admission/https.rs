//! Redirects from http to https, and to the origin that a site's `redirect` names.

use http::header;

use super::arrival::Arrival;
use crate::{
    authority::Authority,
    http::{request::Request, response::local_response::LocalResponse},
    sites::{Sites, site::Site},
    transport::connection_info::ConnectionInfo,
};

/// Reports whether a connection is in the clear although the sites are served over TLS.
pub(super) fn is_required(sites: &Sites, connection: &ConnectionInfo) -> bool {
    connection.tls.is_none() && !sites.config.listen.https.is_empty()
}

impl Arrival<'_> {
    /// Redirects a request in the clear to https, if the sites are served over TLS.
    pub(super) fn redirect_to_https(&self) -> Result<(), LocalResponse> {
        let (sites, connection) = (&self.exchange.sites, &self.exchange.connection);
        let https = sites.config.listen.https.first();
        let Some(https) = https.filter(|_| is_required(sites, connection)) else {
            return Ok(());
        };
        let port = match connection.tls_port {
            true => connection.local.port(),
            false => https.port(),
        };
        let public = self.request.authority.map(|authority| Authority {
            host: authority.host.clone(),
            port: Some(port).filter(|port| *port != 443),
        });
        let target = self.request.path_and_query();
        let location = public.map(|public| format!("https://{public}{target}"));
        Err(LocalResponse::to_https(
            location.as_deref(),
            self.request.method,
        ))
    }

    /// Redirects every request for a site that has a `redirect`. Checked before https, so that a
    /// client follows one redirect only.
    pub(super) fn redirect_to_origin(&self, site: &Site) -> Result<(), LocalResponse> {
        let Some(origin) = site.config.redirect() else {
            return Ok(());
        };
        let location = format!("{origin}{}", self.request.path_and_query());
        let response = LocalResponse::to_origin(&location, self.request.method);
        let is_secure = self.exchange.connection.tls.is_some();
        Err(match site.hsts().filter(|_| is_secure) {
            Some(hsts) => response.with_field(header::STRICT_TRANSPORT_SECURITY, hsts),
            None => response,
        })
    }
}

impl Request<'_> {
    /// Path and query of the target URI; empty for the target `*` (RFC 9112, section 3.3).
    fn path_and_query(&self) -> &str {
        match self.target {
            "*" => "",
            target => target,
        }
    }
}
