//! The edits to a response's fields on their way to the client.

use http::StatusCode;
use pingora_core::protocols::http::date::get_cached_date;

use super::HeaderEdits;
use crate::{
    fields::{FieldName, NameSet},
    http::{
        admission::{
            Admitted,
            cors::{Cors, is_of_cors},
        },
        forward::response_head::ResponseHead,
        openhab_cookie,
    },
};

/// Fields of a response for its connection, except those that frame its content.
const HOP_BY_HOP: NameSet = NameSet::from_names(&[
    FieldName::Connection,
    FieldName::KeepAlive,
    FieldName::ProxyConnection,
    FieldName::Upgrade,
]);

impl ResponseHead<'_> {
    /// The edits to the fields of a response.
    pub(in crate::http::forward) fn edits<'a>(&self, admitted: &'a Admitted) -> HeaderEdits<'a> {
        let (site, secure) = (&admitted.site, admitted.exchange.connection.tls.is_some());
        let mut edits = HeaderEdits::for_client(&admitted.cors);
        edits.nominate(&self.fields);
        // The upstream may have no clock (RFC 9110, section 6.6.1).
        if !self.status.is_informational() && !self.fields.has(FieldName::Date) {
            edits.set("Date", get_cached_date().as_bytes().to_vec());
        }
        self.recognise_openhab(admitted);
        if let Some(location) = self.public_location(admitted) {
            edits.set("Location", location.into_bytes());
        }
        let headers = site.config.headers.iter();
        for (name, value) in headers.filter(|(name, _)| !admitted.cors.replaces(name.as_str())) {
            edits.set(name.as_str(), value.as_bytes());
        }
        for (name, value) in admitted.cors.fields() {
            edits.add(name, value.as_bytes().to_vec());
        }
        if let Some(hsts) = site.hsts().filter(|_| secure) {
            edits.set("Strict-Transport-Security", hsts.as_bytes().to_vec());
        }
        let is_unset = !admitted.exchange.logged.has_openhab_cookie;
        if admitted.takes_password && is_unset && admitted.is_for_openhab() {
            let cookie = openhab_cookie::set_cookie(secure);
            edits.add("Set-Cookie", cookie.into_bytes());
        }
        if let Some(cookie) = &admitted.session_cookie
            && self.may_set_session()
        {
            edits.add("Set-Cookie", cookie.as_bytes());
        }
        edits
    }

    /// Shows the upstream a response by which openHAB is recognised.
    fn recognise_openhab(&self, admitted: &Admitted) {
        if self.status.is_success() {
            let media_type = self.fields.get(FieldName::ContentType).unwrap_or_default();
            let target = &admitted.exchange.logged.target;
            admitted
                .route
                .upstream()
                .recognise_openhab(target, media_type);
        }
    }

    /// The public form of a Location that names the upstream's own address; none for any other.
    fn public_location(&self, admitted: &Admitted) -> Option<String> {
        let has_location = self.status.is_redirection() || self.status == StatusCode::CREATED;
        let location = self.fields.only(FieldName::Location);
        let location = std::str::from_utf8(location.filter(|_| has_location)?).ok()?;
        admitted.route.upstream().addresses().path_of(location)
    }

    /// Reports whether the response may set a session cookie: a final one that shared caches may
    /// not store (RFC 9111, section 5.2.2).
    fn may_set_session(&self) -> bool {
        let shared = self
            .fields
            .members(FieldName::CacheControl)
            .filter_map(|directive| directive.split('=').next())
            .map(str::trim_end)
            .any(|name| {
                name.eq_ignore_ascii_case("public") || name.eq_ignore_ascii_case("s-maxage")
            });
        !shared && !self.status.is_informational()
    }

    /// Reports whether the content is a stream without an end: server-sent events, a camera.
    #[must_use]
    pub(in crate::http::forward) fn is_streaming(&self) -> bool {
        let media_type = self.fields.get(FieldName::ContentType).unwrap_or_default();
        [&b"text/event-stream"[..], b"multipart/x-mixed-replace"]
            .iter()
            .any(|streaming| media_type.starts_with(streaming))
    }
}

impl HeaderEdits<'_> {
    /// Drops the connection's fields of a response, and CORS fields that hubgate sets itself.
    fn for_client(cors: &Cors) -> Self {
        match cors {
            Cors::Allowed(_) => {
                let mut edits = Self::dropping(HOP_BY_HOP, Some(is_of_cors));
                edits.remove(FieldName::AccessControlRequestHeaders.as_str());
                edits.remove(FieldName::AccessControlRequestMethod.as_str());
                edits
            }
            Cors::Off | Cors::Varies => Self::dropping(HOP_BY_HOP, None),
        }
    }
}
