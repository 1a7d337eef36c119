//! Local responses with a text for people, one constructor for each status.
//!
//! The text is written when the response is sent (`Reader`): in German or English, as an HTML page
//! or as problem details (RFC 9457).

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};

use super::local_response::LocalResponse;
use crate::{
    access::path::InvalidPath, http::http1::request_head::Malformed, pages::notice::Notice,
    tls::ClientCertificateError, upstream::Unreachable,
};

impl LocalResponse {
    /// The refusal of a malformed request, which ends the connection.
    #[must_use]
    pub fn malformed(why: Malformed) -> Self {
        let response = Self::notice(why.0, Notice::Malformed(why.1));
        let response = match why.0 {
            StatusCode::METHOD_NOT_ALLOWED => response.with_field(
                header::ALLOW,
                HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            ),
            _ => response,
        };
        response.closing()
    }

    /// 400 for a path that hubs could read as two paths.
    #[must_use]
    pub fn bad_path(why: &InvalidPath) -> Self {
        Self::notice(StatusCode::BAD_REQUEST, Notice::BadPath(*why)).closing()
    }

    /// 421 for a host that is no site's, or that the handshake was not for.
    #[must_use]
    pub fn misdirected(host: &str) -> Self {
        let notice = Notice::Misdirected(host.to_owned());
        Self::notice(StatusCode::MISDIRECTED_REQUEST, notice).closing()
    }

    /// A redirect to https that keeps method and content; 400 without a location.
    #[must_use]
    pub fn to_https(location: Option<&str>, method: &Method) -> Self {
        match location {
            Some(location) => Self::moved(location, method, Notice::ToHttps),
            None => Self::no_location(),
        }
    }

    /// A redirect to the same path with a slash at its end.
    #[must_use]
    pub fn to_folder(location: &str, method: &Method) -> Self {
        Self::moved(location, method, Notice::ToFolder)
    }

    /// A redirect to the same target at the origin that the site's `redirect` names.
    #[must_use]
    pub fn to_origin(location: &str, method: &Method) -> Self {
        Self::moved(location, method, Notice::ToOrigin)
    }

    /// 301 for GET and HEAD, otherwise 308, with which clients repeat method and content.
    fn moved(location: &str, method: &Method, notice: Notice) -> Self {
        let status = match *method {
            Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
            _ => StatusCode::PERMANENT_REDIRECT,
        };
        match HeaderValue::from_str(location) {
            Ok(location) => Self::notice(status, notice).with_field(header::LOCATION, location),
            Err(_) => Self::no_location(),
        }
    }

    /// 400 for a chunked body that breaks the grammar of RFC 9112, section 7.1.
    #[must_use]
    pub fn bad_chunks() -> Self {
        Self::malformed(Malformed::bad_request(
            "the chunks of the body are malformed",
        ))
    }

    fn no_location() -> Self {
        Self::malformed(Malformed::bad_request(
            "this address cannot be served over https",
        ))
    }

    /// 401 with a challenge in NGINX's realm, for which browsers have stored the password.
    #[must_use]
    pub fn password_required(certificate: Option<&ClientCertificateError>) -> Self {
        let notice = Notice::PasswordRequired(certificate.cloned().map(Box::new));
        Self::notice(StatusCode::UNAUTHORIZED, notice).with_field(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Username and Password Required\""),
        )
    }

    /// NGINX's 496 for a connection without a client certificate.
    #[must_use]
    pub fn certificate_required() -> Self {
        Self::notice(status(496), Notice::CertificateRequired).closing()
    }

    /// NGINX's 495 for an invalid client certificate; `device` is its name in the registry.
    #[must_use]
    pub fn certificate_invalid(reason: &ClientCertificateError, device: Option<&str>) -> Self {
        let (reason, device) = (Box::new(reason.clone()), device.map(str::to_owned));
        Self::notice(status(495), Notice::CertificateInvalid(reason, device)).closing()
    }

    /// 403 for a client outside the rule's networks, or one of which only the address of a
    /// container network's gateway is known.
    #[must_use]
    pub fn outside(is_masqueraded: bool) -> Self {
        let notice = match is_masqueraded {
            true => Notice::Masqueraded,
            false => Notice::Outside,
        };
        Self::notice(StatusCode::FORBIDDEN, notice)
    }

    /// 403 for a request that another site's page made; 400 if the handshake requested a
    /// certificate, as Safari then offers its certificates again after a 403.
    #[must_use]
    pub fn foreign_origin(certificate_requested: bool) -> Self {
        let status = match certificate_requested {
            true => StatusCode::BAD_REQUEST,
            false => StatusCode::FORBIDDEN,
        };
        Self::notice(status, Notice::ForeignOrigin)
    }

    /// 429 after too many wrong passwords.
    #[must_use]
    pub fn throttled(wait: Duration) -> Self {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        Self::notice(StatusCode::TOO_MANY_REQUESTS, Notice::Throttled)
            .with_field(header::RETRY_AFTER, seconds)
    }

    /// 413 for content larger than `limits.body`.
    #[must_use]
    pub fn too_large() -> Self {
        Self::notice(StatusCode::PAYLOAD_TOO_LARGE, Notice::TooLarge).closing()
    }

    /// 503 for an upstream that refuses connections; the page reloads itself.
    #[must_use]
    pub fn upstream_starting() -> Self {
        Self::notice(StatusCode::SERVICE_UNAVAILABLE, Notice::HubStarting)
            .with_field(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// 502 for an upstream response that is malformed or incomplete.
    #[must_use]
    pub fn upstream_broken() -> Self {
        Self::notice(StatusCode::BAD_GATEWAY, Notice::HubBroken)
    }

    /// 504 for an upstream that did not respond in time.
    #[must_use]
    pub fn upstream_slow() -> Self {
        Self::notice(StatusCode::GATEWAY_TIMEOUT, Notice::HubSlow)
    }

    /// 408 for a client that sent its request too slowly.
    #[must_use]
    pub fn client_slow() -> Self {
        Self::notice(StatusCode::REQUEST_TIMEOUT, Notice::ClientSlow).closing()
    }

    /// 500 for an admitted request without an upstream, which no configuration allows.
    #[must_use]
    pub fn internal() -> Self {
        Self::notice(StatusCode::INTERNAL_SERVER_ERROR, Notice::Internal)
    }
}

impl From<Unreachable> for LocalResponse {
    /// The response to a request without an upstream connection; `upstream` has logged the cause.
    fn from(why: Unreachable) -> Self {
        match why {
            Unreachable::Down => Self::upstream_starting(),
            Unreachable::Slow => Self::upstream_slow(),
            Unreachable::Broken => Self::upstream_broken(),
        }
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}
