//! Local responses that a person may read: which there are, and what their heads say.
//!
//! The words are chosen when the response is written (`Reader`): German or English, as a page or
//! as a problem for programs (RFC 9457).

use std::time::Duration;

use http::{HeaderValue, Method, StatusCode, header};

use super::local_response::LocalResponse;
use crate::{access::path::BadPath, http::http1::request_head::Malformed, tls::Reason};

pub use crate::pages::notice::Notice;

/// 400 and its kin for a request that means different things to different readers.
#[must_use]
pub fn malformed(why: Malformed) -> LocalResponse {
    let answer = LocalResponse::notice(why.0, Notice::Malformed(why.1));
    let answer = match why.0 {
        StatusCode::METHOD_NOT_ALLOWED => answer.with(
            header::ALLOW,
            HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ),
        _ => answer,
    };
    answer.closing()
}

/// 400 for a path that could lead to two places.
#[must_use]
pub fn bad_path(why: &BadPath) -> LocalResponse {
    LocalResponse::notice(StatusCode::BAD_REQUEST, Notice::BadPath(*why)).closing()
}

/// 421: no site has this name, or the connection was made for another one.
#[must_use]
pub fn misdirected(host: &str) -> LocalResponse {
    let notice = Notice::Misdirected(host.to_owned());
    LocalResponse::notice(StatusCode::MISDIRECTED_REQUEST, notice).closing()
}

/// To https, keeping method and body.
#[must_use]
pub fn to_https(location: Option<&str>, method: &Method) -> LocalResponse {
    match location {
        Some(location) => moved(location, method, Notice::ToHttps),
        None => no_location(),
    }
}

/// To the same path with a slash at its end, below which another hub answers.
#[must_use]
pub fn to_folder(location: &str, method: &Method) -> LocalResponse {
    moved(location, method, Notice::ToFolder)
}

/// To the same path at the origin that the site redirects to.
#[must_use]
pub fn to_origin(location: &str, method: &Method) -> LocalResponse {
    moved(location, method, Notice::ToOrigin)
}

/// 301 for GET and HEAD, and 308 for the rest, which keeps their method and body.
fn moved(location: &str, method: &Method, notice: Notice) -> LocalResponse {
    let status = match *method {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::PERMANENT_REDIRECT,
    };
    match HeaderValue::from_str(location) {
        Ok(location) => LocalResponse::notice(status, notice).with(header::LOCATION, location),
        Err(_) => no_location(),
    }
}

/// 400 for a chunked body that is not framed as RFC 9112, section 7.1 says.
#[must_use]
pub fn bad_chunks() -> LocalResponse {
    malformed(Malformed(
        StatusCode::BAD_REQUEST,
        "the chunks of the body are malformed",
    ))
}

fn no_location() -> LocalResponse {
    malformed(Malformed(
        StatusCode::BAD_REQUEST,
        "this address cannot be served over https",
    ))
}

/// 401: a password is asked for; the realm is the one browsers have saved under NGINX.
#[must_use]
pub fn password_required(certificate: Option<&Reason>) -> LocalResponse {
    let notice = Notice::PasswordRequired(certificate.cloned().map(Box::new));
    LocalResponse::notice(StatusCode::UNAUTHORIZED, notice).with(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Username and Password Required\""),
    )
}

/// 496: this site is for devices with a certificate, and none came.
#[must_use]
pub fn certificate_required() -> LocalResponse {
    LocalResponse::notice(status(496), Notice::CertificateRequired).closing()
}

/// 495: a certificate came and is not good; the device is named when its certificate is known.
#[must_use]
pub fn certificate_invalid(reason: &Reason, device: Option<&str>) -> LocalResponse {
    let (reason, device) = (Box::new(reason.clone()), device.map(str::to_owned));
    LocalResponse::notice(status(495), Notice::CertificateInvalid(reason, device)).closing()
}

/// 403: outside the networks this site is for.
#[must_use]
pub fn outside() -> LocalResponse {
    LocalResponse::notice(StatusCode::FORBIDDEN, Notice::Outside)
}

/// Another site's page tried to act or read in the visitor's name: 403, or 400 on a connection that
/// asked for a certificate, where a 403 makes Safari offer its certificates again.
#[must_use]
pub fn foreign_origin(asked: bool) -> LocalResponse {
    let status = match asked {
        true => StatusCode::BAD_REQUEST,
        false => StatusCode::FORBIDDEN,
    };
    LocalResponse::notice(status, Notice::ForeignOrigin)
}

/// 429: too many wrong passwords.
#[must_use]
pub fn throttled(wait: Duration) -> LocalResponse {
    let seconds = HeaderValue::from(wait.as_secs().max(1));
    LocalResponse::notice(StatusCode::TOO_MANY_REQUESTS, Notice::Throttled)
        .with(header::RETRY_AFTER, seconds)
}

/// 413: the body is over `limits.body`.
#[must_use]
pub fn too_large() -> LocalResponse {
    LocalResponse::notice(StatusCode::PAYLOAD_TOO_LARGE, Notice::TooLarge).closing()
}

/// 503: nothing listens at the hub's address; the page reloads itself.
#[must_use]
pub fn hub_starting() -> LocalResponse {
    LocalResponse::notice(StatusCode::SERVICE_UNAVAILABLE, Notice::HubStarting)
        .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
}

/// 502: the hub answered something that is not HTTP, or went away in the middle.
#[must_use]
pub fn hub_broken() -> LocalResponse {
    LocalResponse::notice(StatusCode::BAD_GATEWAY, Notice::HubBroken)
}

/// 504: the hub was silent for too long.
#[must_use]
pub fn hub_slow() -> LocalResponse {
    LocalResponse::notice(StatusCode::GATEWAY_TIMEOUT, Notice::HubSlow)
}

/// 408: the client was too slow to send its request.
#[must_use]
pub fn client_slow() -> LocalResponse {
    LocalResponse::notice(StatusCode::REQUEST_TIMEOUT, Notice::ClientSlow).closing()
}

/// 500: a fault of hubgate's own.
#[must_use]
pub fn internal() -> LocalResponse {
    LocalResponse::notice(StatusCode::INTERNAL_SERVER_ERROR, Notice::Internal)
}

/// Any other status of the engine's.
#[must_use]
pub fn other(code: u16) -> LocalResponse {
    LocalResponse::notice(status(code), Notice::Other).closing()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST)
}
