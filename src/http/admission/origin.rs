//! The page behind a request, as its fields name it, and the place that it acts on.

use crate::{
    access::{
        origin::{RequestOrigin, Target, acts},
        policy::Place,
    },
    fields::FieldName,
    http::request::{Exchange, Request},
    sites::site::Site,
};

/// The fields of a request that name the page behind it.
pub(super) fn of<'a>(exchange: &Exchange, request: &Request<'a>) -> RequestOrigin<'a> {
    RequestOrigin {
        method: request.method,
        fields: request.fields,
        websocket: request.fields.has(FieldName::Upgrade),
        tls: exchange.connection.tls.is_some(),
    }
}

/// The place of a request, as far as another site's page matters there.
pub(super) fn target<'a>(
    origin: &RequestOrigin<'_>,
    request: &Request<'_>,
    site: &'a Site,
    place: &Place<'_>,
) -> Target<'a> {
    let authority = request.authority;
    Target {
        hosts: &site.config.hosts,
        port: authority.and_then(|authority| authority.port),
        origins: site.origins(place),
        guarded: !place.is_open(),
        acts: origin.names_page() && acts(request.path().as_bytes()),
    }
}
