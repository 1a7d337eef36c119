//! Cross-origin resource sharing (Fetch, section 3.3) with the origins that `access.origins` lists.
//!
//! Pages of a listed origin may read what is answered to them, by the hub or by
//! hubgate itself, with credentials; what the hub says of other origins is
//! dropped then. Without `access.origins` nothing is added and nothing dropped.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    access::origin::RequestOrigin,
    config::model::Origin,
    fields::{FieldName, Fields, header_value},
    http::{request::Request, response::local_response::LocalResponse},
};

/// What an answer tells a browser of other origins.
#[derive(Debug, Default)]
pub enum Cors {
    /// Nothing: no origin is listed for the place.
    #[default]
    Off,
    /// That it differs by origin; this request has none that is listed.
    Varies,
    /// That the pages of this origin may read it.
    Allowed(HeaderValue),
}

/// How long a browser may remember a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
/// What the answer to a preflight depends on beside the origin.
const ASKED: HeaderValue =
    HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers");

impl Cors {
    /// What holds for a request to a place with these origins.
    #[must_use]
    pub fn of(request: &RequestOrigin<'_>, origins: [&[Origin]; 2]) -> Self {
        if origins.into_iter().flatten().next().is_none() {
            return Self::Off;
        }
        let allowed = request.allowed(origins).and_then(header_value);
        allowed.map_or(Self::Varies, Self::Allowed)
    }

    /// The answer to a preflight of a listed origin, which never carries credentials (Fetch,
    /// section 4.8); none for any other request.
    #[must_use]
    pub fn preflight(&self, request: &Request<'_>) -> Option<LocalResponse> {
        let Self::Allowed(_) = self else {
            return None;
        };
        if *request.method != Method::OPTIONS {
            return None;
        }
        let method = request.fields.get(FieldName::AccessControlRequestMethod)?;
        let method = Method::from_bytes(method).ok()?;
        let method = HeaderValue::from_str(method.as_str()).ok()?;
        let mut headers = vec![
            (header::ACCESS_CONTROL_ALLOW_METHODS, method),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
            (header::VARY, ASKED),
        ];
        let asked = asked_headers(request.fields);
        headers.extend(asked.map(|names| (header::ACCESS_CONTROL_ALLOW_HEADERS, names)));
        Some(LocalResponse::empty(StatusCode::NO_CONTENT, headers))
    }

    /// Whether a field of the hub's or the operator's, by its name in lower case, gives way.
    #[must_use]
    pub fn replaces(&self, name: &str) -> bool {
        matches!(self, Self::Allowed(_)) && is_of_cors(name)
    }

    /// The fields that every answer carries.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, HeaderValue)> + use<> {
        let allowed = match self {
            Self::Allowed(origin) => Some(origin),
            _ => None,
        };
        let origin = allowed.map(|origin| ("access-control-allow-origin", origin.clone()));
        let credentials = allowed.map(|_| ("access-control-allow-credentials", TRUE));
        let varies = !matches!(self, Self::Off);
        let vary = varies.then_some(("vary", ORIGIN));
        origin.into_iter().chain(credentials).chain(vary)
    }

    /// A local response with these fields.
    #[must_use]
    pub fn add_to(&self, response: LocalResponse) -> LocalResponse {
        self.fields().fold(response, |response, (name, value)| {
            response.with(HeaderName::from_static(name), value)
        })
    }
}

/// Whether a field speaks of other origins, by its name in lower case.
pub(crate) fn is_of_cors(name: &str) -> bool {
    name.starts_with("access-control-")
}

/// The field names that a preflight asks for; none that are no names.
fn asked_headers(fields: &Fields<'_>) -> Option<HeaderValue> {
    let is_name = |name: &&str| HeaderName::from_bytes(name.as_bytes()).is_ok();
    let names = fields.members(FieldName::AccessControlRequestHeaders);
    let names = names.filter(is_name);
    let names = names.collect::<Vec<_>>().join(", ");
    let names = HeaderValue::try_from(names).ok()?;
    (!names.is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::*;

    const PANEL: &str = "https://panel.example.org";

    fn preflight(
        fields: &[(&'static str, &'static str)],
        method: &Method,
    ) -> Option<LocalResponse> {
        let fields: Fields<'_> = fields.iter().copied().collect();
        let origins = [Origin::new(PANEL)];
        let origin = RequestOrigin {
            method,
            fields: &fields,
            websocket: false,
            tls: true,
        };
        let cors = Cors::of(&origin, [&origins, &[]]);
        cors.preflight(&Request {
            method,
            target: "/",
            version: Version::HTTP_11,
            fields: &fields,
            authority: None,
        })
    }

    #[test]
    fn a_preflight_is_granted_what_it_asks_for_if_it_is_a_name() {
        let fields = [
            ("origin", PANEL),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "content-type, x y"),
            ("access-control-request-headers", "authorization"),
        ];
        let answer = preflight(&fields, &Method::OPTIONS).unwrap();
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let of = |wanted: HeaderName| {
            let mut headers = answer.headers.iter();
            let found = headers.find(|(name, _)| *name == wanted);
            found.unwrap().1.to_str().unwrap().to_owned()
        };
        assert_eq!(of(header::ACCESS_CONTROL_ALLOW_METHODS), "PUT");
        let granted = of(header::ACCESS_CONTROL_ALLOW_HEADERS);
        assert_eq!(granted, "content-type, authorization");
    }

    #[test]
    fn what_is_no_preflight_of_a_listed_origin_is_left_to_the_rule() {
        let (origin, asked) = (("origin", PANEL), ("access-control-request-method", "PUT"));
        let evil = ("origin", "https://evil.example");
        for fields in [
            &[origin][..],
            &[asked],
            &[evil, asked],
            &[origin, evil, asked],
        ] {
            assert!(preflight(fields, &Method::OPTIONS).is_none(), "{fields:?}");
        }
        assert!(preflight(&[origin, asked], &Method::GET).is_none());
    }

    #[test]
    fn fields_are_set_where_origins_are_listed_only() {
        let names = |cors: Cors| cors.fields().map(|(name, _)| name).collect::<Vec<_>>();
        assert!(names(Cors::Off).is_empty());
        assert_eq!(names(Cors::Varies), ["vary"]);
        let allowed = Cors::Allowed(HeaderValue::from_static(PANEL));
        assert!(allowed.replaces("access-control-allow-origin") && !allowed.replaces("vary"));
        assert!(!Cors::Varies.replaces("access-control-allow-origin"));
        assert_eq!(names(allowed).len(), 3);
    }
}
