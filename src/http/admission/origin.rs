//! The origin of a request: the page that made it, as Origin, Referer and Sec-Fetch-* name it.

use super::arrival::Arrival;
use crate::{
    access::{
        origin::{OriginTarget, RequestOrigin, has_side_effects},
        policy::PathPolicy,
    },
    fields::FieldName,
    sites::site::Site,
};

impl<'a> Arrival<'a> {
    /// The origin of the request.
    pub(super) fn origin(&self) -> RequestOrigin<'a> {
        RequestOrigin {
            method: self.request.method,
            fields: self.request.fields,
            websocket: self.request.fields.has(FieldName::Upgrade),
            tls: self.exchange.connection.tls.is_some(),
        }
    }

    /// The properties of a place that decide whether other origins may send the request.
    pub(super) fn target<'s>(
        &self,
        origin: &RequestOrigin<'_>,
        site: &'s Site,
        place: &PathPolicy<'_>,
    ) -> OriginTarget<'s> {
        let authority = self.request.authority;
        OriginTarget {
            hosts: &site.config.hosts,
            port: authority.and_then(|authority| authority.port),
            origins: site.origins(place),
            guarded: !place.is_open(),
            acts: origin.names_page() && has_side_effects(self.request.path().as_bytes()),
        }
    }
}
