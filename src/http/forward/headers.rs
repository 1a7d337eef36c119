//! What the hub is told with a request, and the client with an answer.
//!
//! A client's own words about who it is or where it comes from are dropped on
//! every route; then ours are set, so that nothing it sends can remove them.

mod edits;

use std::net::IpAddr;

use http::{StatusCode, header::InvalidHeaderValue};
use pingora_core::protocols::http::date::get_cached_date;

use self::edits::value;
use super::identity;
use crate::{
    access::{network, session::cookie},
    fields::{FieldName, Fields, NameSet},
    http::{
        admission::{
            Admitted,
            cors::{Cors, is_of_cors},
        },
        max_forwards, openhab_cookie,
    },
    transport::connection_info::ConnectionInfo,
};

pub(crate) use self::edits::HeaderEdits;

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
const OF_CLIENT: NameSet = NameSet::of(&[
    FieldName::Connection,
    FieldName::KeepAlive,
    FieldName::ProxyAuthorization,
    FieldName::ProxyConnection,
    FieldName::Te,
    FieldName::Trailer,
    FieldName::TransferEncoding,
    FieldName::Upgrade,
]);
/// Fields of a request that are never passed on: those of its connection, and what only hubgate says.
const NOT_FOR_HUB: NameSet = OF_CLIENT.union(NameSet::of(&[
    FieldName::XForwardedFor,
    FieldName::XForwardedProto,
]));
/// Those of an answer, but for its framing.
const OF_HUB: NameSet = NameSet::of(&[
    FieldName::Connection,
    FieldName::KeepAlive,
    FieldName::ProxyConnection,
    FieldName::Upgrade,
]);
/// Fields that a UpstreamConnection list cannot take away.
const KEPT: NameSet = NameSet::of(&[
    FieldName::Host,
    FieldName::Cookie,
    FieldName::ContentLength,
    FieldName::TransferEncoding,
]);

/// What makes a client's request head the hub's.
///
/// # Errors
/// When what is known of the client is no field value, which cannot be.
pub(crate) fn to_hub<'a>(
    fields: &Fields<'_>,
    admitted: &'a Admitted,
) -> Result<HeaderEdits<'a>, InvalidHeaderValue> {
    let mut edits = HeaderEdits::dropping(NOT_FOR_HUB, is_claim);
    edits.nominate(nominated(fields));
    match cookies(fields) {
        Cookies::AsTheyAre => {}
        Cookies::Nothing => edits.remove("Cookie"),
        Cookies::Joined(cookies) => edits.set("Cookie", cookies),
    }
    name_client(&mut edits, fields, admitted);
    if let Some(hops) = max_forwards::after_us(&admitted.exchange.logged.method, fields) {
        edits.set("Max-Forwards", value(hops));
    }
    let admission = &admitted.admission;
    if admission.strips_authorization() {
        edits.remove("Authorization");
    }
    for (name, told) in identity::fields(&admission.told)? {
        edits.set(name, told.as_bytes().to_vec());
    }
    edit(&mut edits, admitted)?;
    Ok(edits)
}

/// Sets where the request comes from, as far as trusted proxies vouch for it.
fn name_client<'a>(edits: &mut HeaderEdits<'a>, fields: &Fields<'_>, admitted: &'a Admitted) {
    let exchange = &admitted.exchange;
    let connection = &exchange.connection;
    let peer = connection.peer.ip();
    let trusted = &exchange.sites.config.trusted_proxies;
    let is_trusted = trusted.contains(peer);
    if is_trusted && fields.has(FieldName::XForwardedFor) {
        let way = network::way(peer, trusted, fields);
        let way: Vec<_> = way.iter().rev().flatten().map(IpAddr::to_string).collect();
        edits.set("X-Forwarded-For", value(way.join(", ")));
        let client = exchange.client.accountable().to_string();
        edits.set("X-Real-IP", value(client));
    } else {
        edits.set("X-Forwarded-For", connection.peer_text.as_bytes());
        edits.set("X-Real-IP", connection.peer_text.as_bytes());
    }
    let scheme = scheme(fields, connection, is_trusted);
    edits.set("X-Forwarded-Proto", scheme.as_bytes());
}

/// Sets what the site and its upstream want the hub to get in place of the visitor's own words.
fn edit<'a>(edits: &mut HeaderEdits<'a>, admitted: &'a Admitted) -> Result<(), InvalidHeaderValue> {
    if let Some(name) = admitted.site.config.user_header.as_deref() {
        let user = identity::user(&admitted.admission)?;
        edits.set_user(name, user.map(|user| user.as_bytes().to_vec().into()));
    }
    let own = admitted.route.edits();
    for (name, value) in own.fields() {
        match value {
            Some(value) => edits.set(name, value.as_bytes().to_vec()),
            None => edits.remove(name),
        }
    }
    if let Some(host) = own.host() {
        edits.set("Host", host.as_bytes());
    }
    Ok(())
}

/// What makes the hub's answer head the client's.
pub(super) fn to_client<'a>(
    fields: &Fields<'_>,
    status: StatusCode,
    admitted: &'a Admitted,
) -> HeaderEdits<'a> {
    let (site, secure) = (&admitted.site, admitted.exchange.connection.tls.is_some());
    let mut edits = drop_from_answer(&admitted.cors);
    edits.nominate(nominated(fields));
    // The hub may have no clock (RFC 9110, section 6.6.1).
    if !status.is_informational() && !fields.has(FieldName::Date) {
        edits.set("Date", get_cached_date().as_bytes().to_vec());
    }
    recognise(fields, status, admitted);
    if let Some(location) = public_location(fields, status, admitted) {
        edits.set("Location", value(location));
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
        edits.add("Set-Cookie", value(openhab_cookie::set_cookie(secure)));
    }
    if let Some(cookie) = &admitted.session_cookie
        && may_remember(fields, status)
    {
        edits.add("Set-Cookie", cookie.as_bytes());
    }
    edits
}

/// Has the upstream see an answer by which openHAB is recognised.
fn recognise(fields: &Fields<'_>, status: StatusCode, admitted: &Admitted) {
    if status.is_success() {
        let kind = fields.get(FieldName::ContentType).unwrap_or_default();
        let target = &admitted.exchange.logged.target;
        admitted.route.upstream().notice(target, kind);
    }
}

/// The reference that a redirect to the hub's own address becomes; none where it leads elsewhere.
fn public_location(fields: &Fields<'_>, status: StatusCode, admitted: &Admitted) -> Option<String> {
    let has_location = status.is_redirection() || status == StatusCode::CREATED;
    let location = fields.only(FieldName::Location).filter(|_| has_location)?;
    let location = std::str::from_utf8(location).ok()?;
    admitted.route.upstream().addresses().path_of(location)
}

/// The edits that drop what an answer says of its connection, and of other origins where
/// hubgate does.
fn drop_from_answer<'a>(cors: &Cors) -> HeaderEdits<'a> {
    match cors {
        Cors::Allowed(_) => {
            let mut edits = HeaderEdits::dropping(OF_HUB, is_of_cors);
            edits.remove(FieldName::AccessControlRequestHeaders.as_str());
            edits.remove(FieldName::AccessControlRequestMethod.as_str());
            edits
        }
        Cors::Off | Cors::Varies => HeaderEdits::dropping(OF_HUB, |_| false),
    }
}

/// Whether an answer may set the cookie of a session: a final one that is not made for caches
/// which others use too (RFC 9111, section 5.2.2).
fn may_remember(fields: &Fields<'_>, status: StatusCode) -> bool {
    let shared = fields
        .members(FieldName::CacheControl)
        .filter_map(|directive| directive.split('=').next())
        .map(str::trim_end)
        .any(|name| name.eq_ignore_ascii_case("public") || name.eq_ignore_ascii_case("s-maxage"));
    !shared && !status.is_informational()
}

/// Whether an answer goes on until somebody leaves: server-sent events, a camera.
#[must_use]
pub(super) fn is_streaming(fields: &Fields<'_>) -> bool {
    let kind = fields.get(FieldName::ContentType).unwrap_or_default();
    [&b"text/event-stream"[..], b"multipart/x-mixed-replace"]
        .iter()
        .any(|streaming| kind.starts_with(streaming))
}

/// `https` over TLS, or what a trusted proxy in front says of its own client.
fn scheme(fields: &Fields<'_>, connection: &ConnectionInfo, trusted: bool) -> &'static str {
    match fields.get(FieldName::XForwardedProto) {
        Some(b"https") if trusted => "https",
        Some(b"http") if trusted => "http",
        _ if connection.tls.is_some() => "https",
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

/// The cookies for the hub.
#[derive(Debug, PartialEq, Eq)]
enum Cookies {
    AsTheyAre,
    Nothing,
    Joined(Vec<u8>),
}

/// The cookies in one field, which HTTP/2 may split (RFC 9113, section 8.2.3), and without that of
/// a session, which is between the browser and hubgate.
fn cookies(fields: &Fields<'_>) -> Cookies {
    let mut all = fields.all(FieldName::Cookie);
    let Some(first) = all.next() else {
        return Cookies::AsTheyAre;
    };
    let joined = all.next().map(|second| {
        let all = [first, second].into_iter().chain(all);
        all.collect::<Vec<_>>().join(&b"; "[..])
    });
    let others = cookie::without(joined.as_deref().unwrap_or(first));
    match others.or(joined) {
        None => Cookies::AsTheyAre,
        Some(kept) if kept.is_empty() => Cookies::Nothing,
        Some(kept) => Cookies::Joined(kept),
    }
}

/// The fields a UpstreamConnection list names beside those that are dropped anyway, less those it cannot
/// take away.
fn nominated<'h>(fields: &Fields<'h>) -> impl Iterator<Item = &'h str> {
    let is_known = |token: &str| match FieldName::parse(token.as_bytes()) {
        Some(known) => OF_CLIENT.union(KEPT).has(known),
        None => token.eq_ignore_ascii_case("close"),
    };
    let of_websocket = |token: &str| {
        let beginning = token.get(..14);
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case("sec-websocket-"))
    };
    let members = fields.members(FieldName::Connection);
    members.filter(move |token| !token.is_empty() && !is_known(token) && !of_websocket(token))
}

#[cfg(test)]
mod tests;
