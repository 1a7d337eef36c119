//! Cross-origin resource sharing (Fetch, section 3.3) with the origins that `access.origins` lists.
//!
//! Pages of a listed origin may read every response, local ones too, with credentials; the fields
//! here replace the CORS fields of the upstream. In all other responses those of the upstream stay,
//! with `Vary: Origin` if `access.origins` lists any origin.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{
    access::origin::RequestOrigin,
    config::model::Origin,
    fields::{FieldName, Fields, header_value},
    http::{request::Request, response::local_response::LocalResponse},
};

/// The CORS fields of a response.
#[derive(Debug, Default)]
pub enum Cors {
    /// None: the place lists no origin.
    #[default]
    Off,
    /// `Vary: Origin`: the place lists origins, and not that of the request.
    Varies,
    /// Fields that allow the pages of this origin to read the response.
    Allowed(HeaderValue),
}

/// Seconds for which a browser may cache a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
/// Fields that the response to a preflight depends on, beside Origin.
const PREFLIGHT_VARY: HeaderValue =
    HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers");

impl Cors {
    /// The fields of the response to a request for a place with these origins.
    #[must_use]
    pub fn new(request: &RequestOrigin<'_>, origins: [&[Origin]; 2]) -> Self {
        if origins.into_iter().flatten().next().is_none() {
            return Self::Off;
        }
        let allowed = request.allowed(origins).and_then(header_value);
        allowed.map_or(Self::Varies, Self::Allowed)
    }

    /// Responds to a preflight of a listed origin, which carries no credentials (Fetch, section
    /// 4.8); none for any other request.
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
            (header::VARY, PREFLIGHT_VARY),
        ];
        let requested = requested_headers(request.fields);
        headers.extend(requested.map(|names| (header::ACCESS_CONTROL_ALLOW_HEADERS, names)));
        Some(LocalResponse::empty(StatusCode::NO_CONTENT, headers))
    }

    /// Reports whether these fields replace the field `name`, in lower case, of the upstream or of
    /// `headers`.
    #[must_use]
    pub fn replaces(&self, name: &str) -> bool {
        matches!(self, Self::Allowed(_)) && is_of_cors(name)
    }

    /// The fields that every response carries.
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

    /// Adds the fields to a local response.
    #[must_use]
    pub fn add_to(&self, response: LocalResponse) -> LocalResponse {
        self.fields().fold(response, |response, (name, value)| {
            response.with_field(HeaderName::from_static(name), value)
        })
    }
}

/// Reports whether a field belongs to CORS; `name` is in lower case.
pub(crate) fn is_of_cors(name: &str) -> bool {
    name.starts_with("access-control-")
}

/// The valid field names in Access-Control-Request-Headers.
fn requested_headers(fields: &Fields<'_>) -> Option<HeaderValue> {
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
        let cors = Cors::new(&origin, [&origins, &[]]);
        cors.preflight(&Request {
            method,
            target: "/",
            version: Version::HTTP_11,
            fields: &fields,
            authority: None,
        })
    }

    #[test]
    fn a_preflight_of_a_listed_origin_is_allowed_its_method_and_its_valid_field_names() {
        let fields = [
            ("origin", PANEL),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "content-type, x y"),
            ("access-control-request-headers", "authorization"),
        ];
        let response = preflight(&fields, &Method::OPTIONS).unwrap();
        assert_eq!(response.status, StatusCode::NO_CONTENT);
        let value = |wanted: HeaderName| {
            let mut headers = response.headers.iter();
            let (_, value) = headers.find(|(name, _)| *name == wanted).unwrap();
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(value(header::ACCESS_CONTROL_ALLOW_METHODS), "PUT");
        let allowed = value(header::ACCESS_CONTROL_ALLOW_HEADERS);
        assert_eq!(allowed, "content-type, authorization");
    }

    #[test]
    fn only_a_preflight_of_a_listed_origin_gets_a_local_response() {
        let (origin, method) = (("origin", PANEL), ("access-control-request-method", "PUT"));
        let evil = ("origin", "https://evil.example");
        for fields in [
            &[origin][..],
            &[method],
            &[evil, method],
            &[origin, evil, method],
        ] {
            assert!(preflight(fields, &Method::OPTIONS).is_none(), "{fields:?}");
        }
        assert!(preflight(&[origin, method], &Method::GET).is_none());
    }

    #[test]
    fn cors_fields_are_set_only_at_places_that_list_origins() {
        let names = |cors: Cors| cors.fields().map(|(name, _)| name).collect::<Vec<_>>();
        assert!(names(Cors::Off).is_empty());
        assert_eq!(names(Cors::Varies), ["vary"]);
        let allowed = Cors::Allowed(HeaderValue::from_static(PANEL));
        assert!(allowed.replaces("access-control-allow-origin") && !allowed.replaces("vary"));
        assert!(!Cors::Varies.replaces("access-control-allow-origin"));
        assert_eq!(names(allowed).len(), 3);
    }
}
