//! What the hub is told with a request, and the client with an answer.
//!
//! A client's own words about who it is or where it comes from are dropped on
//! every route; then ours are set, so that nothing it sends can remove them.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};
use pingora_core::Result;
use pingora_http::{RequestHeader, ResponseHeader};

use crate::access::{network, session::cookie};

use super::{exchange::Exchange, identity};

/// Fields that only hubgate may set.
const OURS: [&str; 4] = ["forwarded", "proxy", "x-real-ip", "client-cert"];
/// Beginnings of names that only hubgate may use.
const OUR_PREFIXES: [&str; 4] = ["x-forwarded-", "x-ssl-", "x-client-", "client-cert-"];
/// Fields that belong to one connection (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Fields that a Connection list cannot take away.
const KEPT: [&str; 2] = ["host", "cookie"];
/// Main UI and HABPanel then send their token as X-OPENHAB-TOKEN, not as Authorization.
const AUTH_HEADER_COOKIE: &str = "X-OPENHAB-AUTH-HEADER";

/// Turns a client's request head into the hub's.
///
/// # Errors
/// Never with valid values; the engine's setters are fallible.
pub(super) fn to_hub(request: &mut RequestHeader, exchange: &Exchange) -> Result<()> {
    let trusted = &exchange.sites.config.trusted_proxies;
    let peer = exchange.link.peer.ip();
    let way = network::way(peer, trusted, &request.headers);
    let scheme = scheme(request, exchange, trusted.contains(peer));
    drop_claims(request);
    join_cookies(request)?;
    keep_session(request)?;
    let way: Vec<_> = way.iter().rev().flatten().map(IpAddr::to_string).collect();
    request.insert_header("X-Forwarded-For", way.join(", "))?;
    request.insert_header("X-Real-IP", exchange.client.accountable().to_string())?;
    request.insert_header("X-Forwarded-Proto", scheme)?;
    let Some(admission) = &exchange.admission else {
        return Ok(());
    };
    if admission.strips_authorization() {
        request.remove_header(&header::AUTHORIZATION);
    }
    identity::tell(request, &admission.told)
}

/// Removes the fields that belong to the client's connection.
pub(super) fn strip_hop_by_hop(request: &mut RequestHeader) {
    for name in nominated(&request.headers) {
        request.remove_header(name.as_str());
    }
    for name in HOP_BY_HOP {
        request.remove_header(name);
    }
}

/// Turns the hub's answer head into the client's.
///
/// # Errors
/// As [`to_hub`].
pub(super) fn to_client(response: &mut ResponseHeader, exchange: &Exchange) -> Result<()> {
    for name in nominated(&response.headers) {
        response.remove_header(name.as_str());
    }
    for name in ["keep-alive", "proxy-connection", "upgrade", "connection"] {
        response.remove_header(name);
    }
    let Some(site) = &exchange.site else {
        return Ok(());
    };
    for (name, value) in &site.config.headers {
        response.insert_header(name.clone(), value.clone())?;
    }
    if let Some(hsts) = site.hsts().filter(|_| exchange.link.tls.is_some()) {
        response.insert_header(header::STRICT_TRANSPORT_SECURITY, hsts)?;
    }
    if exchange.password_asked && !exchange.said.has_auth_cookie {
        response.append_header(header::SET_COOKIE, auth_cookie(exchange))?;
    }
    match &exchange.session {
        Some(cookie) if may_remember(response) => {
            response.append_header(header::SET_COOKIE, cookie.clone())?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether an answer may set the cookie of a session: a final one that is not made for caches
/// which others use too (RFC 9111, section 5.2.2).
fn may_remember(response: &ResponseHeader) -> bool {
    let fields = response.headers.get_all(header::CACHE_CONTROL).iter();
    let texts = fields.filter_map(|value| value.to_str().ok());
    let shared = texts
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.split('=').next())
        .map(|name| name.trim().to_ascii_lowercase())
        .any(|name| name == "public" || name == "s-maxage");
    !shared && !response.status.is_informational()
}

/// Whether an answer goes on until somebody leaves: server-sent events, a camera.
#[must_use]
pub(super) fn is_endless(response: &ResponseHeader) -> bool {
    let kind = response.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok()).unwrap_or("");
    ["text/event-stream", "multipart/x-mixed-replace"]
        .iter()
        .any(|endless| kind.starts_with(endless))
}

/// Whether the request carries the cookie that keeps the UI from using Authorization.
#[must_use]
pub(super) fn has_auth_cookie(headers: &HeaderMap) -> bool {
    let cookies = headers.get_all(header::COOKIE).iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|pair| pair.trim().split('=').next() == Some(AUTH_HEADER_COOKIE))
}

fn auth_cookie(exchange: &Exchange) -> String {
    let secure = if exchange.link.tls.is_some() {
        "; Secure"
    } else {
        ""
    };
    format!("{AUTH_HEADER_COOKIE}=1; Path=/{secure}; SameSite=Strict")
}

/// `https` over TLS, or what a trusted proxy in front says of its own client.
fn scheme(request: &RequestHeader, exchange: &Exchange, trusted: bool) -> &'static str {
    let told = request.headers.get("x-forwarded-proto");
    match told.map(HeaderValue::as_bytes) {
        Some(b"https") if trusted => "https",
        Some(b"http") if trusted => "http",
        _ if exchange.link.tls.is_some() => "https",
        _ => "http",
    }
}

fn drop_claims(request: &mut RequestHeader) {
    let claims: Vec<_> = request
        .headers
        .keys()
        .filter(|name| is_claim(name.as_str()))
        .cloned()
        .collect();
    for name in claims {
        request.remove_header(&name);
    }
}

/// Whether a field claims what only hubgate says; `_` stands for `-` with many servers.
fn is_claim(name: &str) -> bool {
    name.contains('_')
        || OURS.contains(&name)
        || OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// HTTP/2 may split Cookie; HTTP/1 has it once (RFC 9113, section 8.2.3).
fn join_cookies(request: &mut RequestHeader) -> Result<()> {
    let cookies: Vec<_> = request.headers.get_all(header::COOKIE).iter().collect();
    if cookies.len() < 2 {
        return Ok(());
    }
    let joined = cookies
        .iter()
        .map(|value| value.as_bytes())
        .collect::<Vec<_>>()
        .join(&b"; "[..]);
    let joined = pingora_http::header_value_from_raw(joined);
    request.insert_header(header::COOKIE, joined)
}

/// The cookie of a session is between the browser and hubgate, good or not.
fn keep_session(request: &mut RequestHeader) -> Result<()> {
    let field = request.headers.get(header::COOKIE);
    let Some(others) = field.and_then(|field| cookie::without(field.as_bytes())) else {
        return Ok(());
    };
    if others.is_empty() {
        request.remove_header(&header::COOKIE);
        return Ok(());
    }
    let others = pingora_http::header_value_from_raw(others);
    request.insert_header(header::COOKIE, others)
}

/// The fields a Connection list names, less those it cannot take away.
fn nominated(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|token| token.trim().to_ascii_lowercase())
        .filter(|token| !token.is_empty() && !KEPT.contains(&token.as_str()))
        .filter(|token| !token.starts_with("sec-websocket-"))
        .filter(|token| !matches!(token.as_str(), "content-length" | "transfer-encoding"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(fields: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in fields {
            request.append_header(*name, *value).unwrap();
        }
        request
    }

    #[test]
    fn claims_in_all_spellings_are_dropped() {
        let mut request = request(&[
            ("X_Forwarded_For", "1.2.3.4"),
            ("x-Forwarded-Host", "evil"),
            ("X-SSL-Client-Verify", "SUCCESS"),
            ("x-client-dn", "CN=owner"),
            ("Client-Cert-Chain", ":x:"),
            ("Forwarded", "for=1.2.3.4"),
            ("Accept", "*/*"),
        ]);
        drop_claims(&mut request);
        let left: Vec<_> = request
            .headers
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        assert_eq!(left, ["accept"]);
    }

    #[test]
    fn split_cookies_are_joined_for_http1() {
        let mut request = request(&[("Cookie", "a=1"), ("Cookie", "b=2")]);
        join_cookies(&mut request).unwrap();
        assert_eq!(
            request.headers.get_all("cookie").iter().collect::<Vec<_>>(),
            ["a=1; b=2"]
        );
    }

    #[test]
    fn a_connection_list_cannot_take_the_host_or_the_framing_away() {
        let mut request = request(&[
            (
                "Connection",
                "close, X-Private, Host, Content-Length, Sec-WebSocket-Key",
            ),
            ("Host", "home"),
            ("X-Private", "1"),
            ("Content-Length", "0"),
        ]);
        strip_hop_by_hop(&mut request);
        assert!(
            request.headers.contains_key("host") && request.headers.contains_key("content-length")
        );
        assert!(!request.headers.contains_key("x-private"));
    }
}
