//! What the hub is told with a request, and the client with an answer.
//!
//! A client's own words about who it is or where it comes from are dropped on
//! every route; then ours are set, so that nothing it sends can remove them.

mod changes;
pub(super) mod hops;

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, StatusCode, header::InvalidHeaderValue};
use pingora_core::protocols::http::date::get_cached_date;

use crate::{
    access::{network, session::cookie},
    upstream::Route,
};

pub(super) use self::changes::{Changes, Fields};
use super::{
    cors::{Cors, is_of_cors},
    exchange::Exchange,
    identity,
};

/// Fields that only hubgate may set: who a client is, where it comes from and what it asks for.
const OURS: [&str; 5] = [
    "forwarded",
    "proxy",
    "x-real-ip",
    "client-cert",
    "x-rewrite-url",
];
/// Beginnings of names that only hubgate may use, or another proxy in its place.
const OUR_PREFIXES: [&str; 9] = [
    "x-forwarded-",
    "x-ssl-",
    "x-client-",
    "client-cert-",
    "remote-",
    "x-remote-",
    "x-original-",
    "x-auth-request-",
    "x-webauth-",
];
/// Fields of a request that belong to one connection (RFC 9110, section 7.6.1), or are for a proxy
/// that asked for them (section 11.7.2).
const OF_CLIENT: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Those of an answer, but for its framing.
const OF_HUB: [&str; 4] = ["connection", "keep-alive", "proxy-connection", "upgrade"];
/// Fields that a Connection list cannot take away.
const KEPT: [&str; 4] = ["host", "cookie", "content-length", "transfer-encoding"];
/// Main UI and HABPanel then send their token as X-OPENHAB-TOKEN, not as Authorization.
const AUTH_HEADER_COOKIE: &str = "X-OPENHAB-AUTH-HEADER";

/// What makes a client's request head the hub's.
///
/// # Errors
/// When what is known of the client is no field value, which cannot be.
pub(super) fn to_hub<'a>(
    fields: &HeaderMap,
    exchange: &'a Exchange,
) -> Result<Changes<'a>, InvalidHeaderValue> {
    let is_dropped = |name: &str| is_claim(name) || OF_CLIENT.contains(&name);
    let mut changes = Changes::dropping(is_dropped, nominated(fields));
    if let Some(cookie) = cookies(fields) {
        changes.set("Cookie", cookie.transpose()?);
    }
    let trusted = &exchange.sites.config.trusted_proxies;
    let peer = exchange.link.peer.ip();
    let way = network::way(peer, trusted, fields);
    let way: Vec<_> = way.iter().rev().flatten().map(IpAddr::to_string).collect();
    changes.set("X-Forwarded-For", Some(way.join(", ").try_into()?));
    let client = exchange.client.accountable().to_string();
    changes.set("X-Real-IP", Some(client.try_into()?));
    let scheme = scheme(fields, exchange, trusted.contains(peer));
    changes.set("X-Forwarded-Proto", Some(HeaderValue::from_static(scheme)));
    if let Some(hops) = hops::after_us(&exchange.said.method, fields) {
        changes.set("Max-Forwards", Some(hops));
    }
    if let Some(admission) = &exchange.admission {
        if admission.strips_authorization() {
            changes.set("Authorization", None);
        }
        for (name, value) in identity::told(&admission.told)? {
            changes.set(name, Some(value));
        }
    }
    edit(&mut changes, exchange)?;
    Ok(changes)
}

/// Sets what the site and its upstream want the hub to get in place of the visitor's own words.
fn edit<'a>(changes: &mut Changes<'a>, exchange: &'a Exchange) -> Result<(), InvalidHeaderValue> {
    let user_header = exchange.site.as_ref();
    if let Some(name) = user_header.and_then(|site| site.config.user_header.as_deref()) {
        changes.set_user(name, identity::user(exchange.admission.as_ref())?);
    }
    let Some(edits) = exchange.route.as_ref().map(Route::edits) else {
        return Ok(());
    };
    for (name, value) in edits.fields() {
        changes.set(name, value);
    }
    if let Some(host) = edits.host() {
        changes.set("Host", Some(host.clone()));
    }
    Ok(())
}

/// What makes the hub's answer head the client's.
///
/// # Errors
/// As [`to_hub`].
pub(super) fn to_client<'a>(
    fields: &(impl Fields + ?Sized),
    status: StatusCode,
    exchange: &'a Exchange,
) -> Result<Changes<'a>, InvalidHeaderValue> {
    let mut changes = Changes::dropping(dropped(&exchange.cors), nominated(fields));
    // The hub may have no clock (RFC 9110, section 6.6.1).
    if !status.is_informational() && fields.all("date").next().is_none() {
        changes.set("Date", Some(get_cached_date()));
    }
    let Some(site) = &exchange.site else {
        return Ok(changes);
    };
    recognise(fields, status, exchange);
    if let Some(location) = public_location(fields, status, exchange) {
        changes.set("Location", Some(location.try_into()?));
    }
    let headers = site.config.headers.iter();
    for (name, value) in headers.filter(|(name, _)| !exchange.cors.replaces(name.as_str())) {
        changes.set(name.as_str(), Some(value.clone()));
    }
    for (name, value) in exchange.cors.fields() {
        changes.add(name, value);
    }
    if let Some(hsts) = site.hsts().filter(|_| exchange.link.tls.is_some()) {
        changes.set("Strict-Transport-Security", Some(hsts));
    }
    if exchange.password_asked && !exchange.said.has_auth_cookie && exchange.is_for_openhab() {
        changes.add("Set-Cookie", auth_cookie(exchange).try_into()?);
    }
    match &exchange.session {
        Some(cookie) if may_remember(fields, status) => changes.add("Set-Cookie", cookie.clone()),
        _ => {}
    }
    Ok(changes)
}

/// Has the upstream see an answer by which openHAB is recognised.
fn recognise(fields: &(impl Fields + ?Sized), status: StatusCode, exchange: &Exchange) {
    let Some(route) = exchange.route.as_ref().filter(|_| status.is_success()) else {
        return;
    };
    let kind = fields.all("content-type").next().unwrap_or_default();
    route.upstream().notice(&exchange.said.target, kind);
}

/// The reference that a redirect to the hub's own address becomes; none where it leads elsewhere.
fn public_location(
    fields: &(impl Fields + ?Sized),
    status: StatusCode,
    exchange: &Exchange,
) -> Option<String> {
    let has_location = status.is_redirection() || status == StatusCode::CREATED;
    let route = exchange.route.as_ref().filter(|_| has_location)?;
    let mut locations = fields.all("location");
    let (location, None) = (locations.next()?, locations.next()) else {
        return None;
    };
    let location = std::str::from_utf8(location).ok()?;
    route.upstream().addresses().path_of(location)
}

/// Whether a field of the hub's answer is dropped, by its name in lower case.
fn dropped(cors: &Cors) -> fn(&str) -> bool {
    match cors {
        Cors::Allowed(_) => |name| OF_HUB.contains(&name) || is_of_cors(name),
        Cors::Off | Cors::Varies => |name| OF_HUB.contains(&name),
    }
}

/// Whether an answer may set the cookie of a session: a final one that is not made for caches
/// which others use too (RFC 9111, section 5.2.2).
fn may_remember(fields: &(impl Fields + ?Sized), status: StatusCode) -> bool {
    let shared = tokens(fields, "cache-control")
        .filter_map(|directive| directive.split('=').next())
        .map(str::trim_end)
        .any(|name| name.eq_ignore_ascii_case("public") || name.eq_ignore_ascii_case("s-maxage"));
    !shared && !status.is_informational()
}

/// Whether an answer goes on until somebody leaves: server-sent events, a camera.
#[must_use]
pub(super) fn is_endless(fields: &(impl Fields + ?Sized)) -> bool {
    let kind = fields.all("content-type").next().unwrap_or_default();
    [&b"text/event-stream"[..], b"multipart/x-mixed-replace"]
        .iter()
        .any(|endless| kind.starts_with(endless))
}

/// Whether the request carries the cookie that keeps the UI from using Authorization.
#[must_use]
pub(super) fn has_auth_cookie(headers: &HeaderMap) -> bool {
    let cookies = headers.all("cookie");
    cookies
        .flat_map(|value| value.split(|byte| *byte == b';'))
        .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
        .any(|name| name.trim_ascii() == AUTH_HEADER_COOKIE.as_bytes())
}

/// Whether the Connection field lists a token.
pub(super) fn connection_has(fields: &(impl Fields + ?Sized), wanted: &str) -> bool {
    tokens(fields, "connection").any(|token| token.eq_ignore_ascii_case(wanted))
}

/// Names and values as bytes.
pub(super) fn spelled(fields: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let fields = fields.iter();
    fields.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

/// The members of a field's lists, of those that are text; the white space around them is that
/// of RFC 9110, section 5.6.3, and no other.
pub(super) fn tokens<'a>(
    fields: &'a (impl Fields + ?Sized),
    name: &'static str,
) -> impl Iterator<Item = &'a str> {
    fields
        .all(name)
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(|member| member.trim_matches([' ', '\t']))
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
fn scheme(fields: &HeaderMap, exchange: &Exchange, trusted: bool) -> &'static str {
    let told = fields.get("x-forwarded-proto");
    match told.map(HeaderValue::as_bytes) {
        Some(b"https") if trusted => "https",
        Some(b"http") if trusted => "http",
        _ if exchange.link.tls.is_some() => "https",
        _ => "http",
    }
}

/// Whether a field claims what only hubgate says; `_` stands for `-` with many servers, and all that
/// is neither letter nor digit with some (CGI, RFC 3875, section 4.1.18).
pub(crate) fn is_claim(name: &str) -> bool {
    let is_odd = |char: char| !char.is_ascii_alphanumeric() && char != '-';
    match name.contains(is_odd) {
        true => name.contains('_') || is_ours(&name.replace(is_odd, "-")),
        false => is_ours(name),
    }
}

fn is_ours(name: &str) -> bool {
    OURS.contains(&name) || OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What Cookie has to be, where it is not right already: in one field, which HTTP/2 may split
/// (RFC 9113, section 8.2.3), and without that of a session, which is between the browser and
/// hubgate, good or not. None in it: not at all.
fn cookies(fields: &HeaderMap) -> Option<Option<Result<HeaderValue, InvalidHeaderValue>>> {
    let mut all = fields.all("cookie");
    let (first, second) = (all.next()?, all.next());
    let joined = second.map(|second| {
        let all = [first, second].into_iter().chain(all);
        all.collect::<Vec<_>>().join(&b"; "[..])
    });
    let others = cookie::without(joined.as_deref().unwrap_or(first));
    let kept = others.or(joined)?;
    Some((!kept.is_empty()).then(|| HeaderValue::from_bytes(&kept)))
}

/// The fields a Connection list names beside those that are dropped anyway, less those it cannot
/// take away.
fn nominated(fields: &(impl Fields + ?Sized)) -> Vec<String> {
    let is_known = |token: &&str| {
        let mut known = OF_CLIENT.iter().chain(&KEPT).chain(&["close"]);
        known.any(|known| token.eq_ignore_ascii_case(known))
    };
    let of_websocket = |token: &&str| {
        let beginning = token.get(..14);
        beginning.is_some_and(|it| it.eq_ignore_ascii_case("sec-websocket-"))
    };
    tokens(fields, "connection")
        .filter(|token| !token.is_empty() && !is_known(token) && !of_websocket(token))
        .map(str::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests;
