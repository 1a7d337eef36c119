//! The texts a person reads when hubgate answers itself: what is wrong and what helps.

pub mod certificate;

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use maud::html;

use crate::{
    access::path::BadPath,
    look::{self, Language},
};

use super::{answer::Answer, head::Malformed};

/// A small readable page, the same for every cause.
#[must_use]
pub fn page(status: StatusCode, title: &str, text: &str) -> Answer {
    Answer::html(status, render(title, text, None))
}

/// The same for a text that never changes: all answers share its bytes.
fn fixed(page: &'static OnceLock<Bytes>, status: StatusCode, title: &str, text: &str) -> Answer {
    let shared = page.get_or_init(|| render(title, text, None).into());
    Answer::shared_html(status, shared.clone())
}

/// 400 and its kin for a request that means different things to different readers.
#[must_use]
pub fn malformed(why: Malformed) -> Answer {
    let answer = page(
        why.0,
        "This request was not understood",
        &format!("{}.", capital(why.1)),
    );
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
pub fn bad_path(why: &BadPath) -> Answer {
    let text = format!("{}.", capital(&why.to_string()));
    page(
        StatusCode::BAD_REQUEST,
        "This address was not understood",
        &text,
    )
    .closing()
}

/// 421: no site has this name, or the connection was made for another one.
#[must_use]
pub fn misdirected(host: &str) -> Answer {
    let text = format!(
        "No site here answers to \"{host}\" on this connection. To serve it, add the name to hosts in proxy.yaml."
    );
    page(StatusCode::MISDIRECTED_REQUEST, "Unknown address", &text).closing()
}

/// To https, with 301 for GET and HEAD and 308 for the rest, which keeps their method and body.
#[must_use]
pub fn to_https(location: Option<&str>, method: &Method) -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let status = match *method {
        Method::GET | Method::HEAD => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::PERMANENT_REDIRECT,
    };
    match location.map(HeaderValue::from_str) {
        Some(Ok(location)) => fixed(&PAGE, status, "Moved", "This site is served over https.")
            .with(header::LOCATION, location),
        _ => malformed(Malformed(
            StatusCode::BAD_REQUEST,
            "this address cannot be served over https",
        )),
    }
}

/// 400 for a chunked body that is not framed as RFC 9112, section 7.1 says.
#[must_use]
pub fn bad_chunks() -> Answer {
    malformed(Malformed(
        StatusCode::BAD_REQUEST,
        "the chunks of the body are malformed",
    ))
}

/// 401: a password is asked for; the realm is the one browsers have saved under NGINX.
#[must_use]
pub fn password_required(certificate: Option<&str>) -> Answer {
    const PASSWORD: &str = "Password required";
    const ENTER: &str = "Please enter your user name and password.";
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let certificate = certificate.map_or(String::new(), |reason| {
        format!(" The certificate of this device was not accepted: {reason}.")
    });
    let text = format!("{ENTER}{certificate}");
    let answer = match certificate.is_empty() {
        true => fixed(&PAGE, StatusCode::UNAUTHORIZED, PASSWORD, ENTER),
        false => page(StatusCode::UNAUTHORIZED, PASSWORD, &text),
    };
    answer.with(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Username and Password Required\""),
    )
}

/// 403: outside the networks this site is for.
#[must_use]
pub fn outside() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "This site is open in its own networks only.";
    fixed(&PAGE, StatusCode::FORBIDDEN, "Not from here", text)
}

/// Another site's page tried to act or read in the visitor's name: 403, or 400 on a connection that
/// asked for a certificate, where a 403 makes Safari offer its certificates again.
#[must_use]
pub fn foreign_origin(asked: bool) -> Answer {
    let status = if asked {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::FORBIDDEN
    };
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "A page of another site asked for this in your name. It was stopped. Open it from this \
                site's own pages; to let that site's pages in, add their origin to access.origins in \
                proxy.yaml.";
    fixed(&PAGE, status, "Stopped", text)
}

/// 429: too many wrong passwords.
#[must_use]
pub fn throttled(wait: Duration) -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "There were too many wrong passwords. Please wait a little before the next try.";
    fixed(&PAGE, StatusCode::TOO_MANY_REQUESTS, "Please wait", text)
        .with(header::RETRY_AFTER, seconds(wait))
}

/// 413: the body is over `limits.body`.
#[must_use]
pub fn too_large() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "The file is larger than this site takes (limits.body in proxy.yaml).";
    fixed(&PAGE, StatusCode::PAYLOAD_TOO_LARGE, "Too large", text).closing()
}

/// 503: nothing listens at the hub's address; the page reloads itself.
#[must_use]
pub fn hub_starting() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "The hub does not answer yet. After a restart this can take some minutes; this page tries again by itself.";
    let shared = PAGE.get_or_init(|| render("openHAB is starting", text, Some(5)).into());
    Answer::shared_html(StatusCode::SERVICE_UNAVAILABLE, shared.clone())
        .with(header::RETRY_AFTER, HeaderValue::from_static("5"))
}

/// 502: the hub answered something that is not HTTP, or went away in the middle.
#[must_use]
pub fn hub_broken() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "The hub gave an answer that could not be used. Its log may say why.";
    fixed(
        &PAGE,
        StatusCode::BAD_GATEWAY,
        "The hub answered wrongly",
        text,
    )
}

/// 504: the hub was silent for too long.
#[must_use]
pub fn hub_slow() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "The hub took too long to answer.";
    fixed(
        &PAGE,
        StatusCode::GATEWAY_TIMEOUT,
        "The hub is too slow",
        text,
    )
}

/// 408: the client was too slow to send its request.
#[must_use]
pub fn client_slow() -> Answer {
    static PAGE: OnceLock<Bytes> = OnceLock::new();
    let text = "The request did not arrive in time.";
    fixed(&PAGE, StatusCode::REQUEST_TIMEOUT, "Too slow", text).closing()
}

fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_secs().max(1))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn render(title: &str, text: &str, reload: Option<u32>) -> String {
    let head = html! {
        @if let Some(seconds) = reload { meta http-equiv="refresh" content=(seconds); }
    };
    let content = html! { main.notice { h1 { (title) } p { (text) } } };
    look::document(Language::English, title, &head, &content)
}
