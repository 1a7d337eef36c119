//! The edits to a request's fields on their hops to the upstream.
//!
//! A client's claims about its identity and its connection are dropped on every route; hubgate's
//! own fields are set after that, so that no client can remove them. `response` has the edits to a
//! response's fields.

mod edits;
mod response;

use std::net::IpAddr;

use http::header::InvalidHeaderValue;

pub(crate) use self::edits::HeaderEdits;
use super::identity;
use crate::{
    access::{network, session::cookie},
    fields::{FieldName, Fields, NameSet},
    http::{admission::Admitted, max_forwards::MaxForwards},
    transport::connection_info::ConnectionInfo,
    upstream::RequestEdits,
};

/// Fields by which a proxy describes a client or its request.
const OURS: [&str; 5] = [
    "forwarded",
    "proxy",
    "x-real-ip",
    "client-cert",
    "x-rewrite-url",
];
/// Prefixes of fields by which a proxy describes a client or its request.
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
/// Fields of a request for its connection (RFC 9110, section 7.6.1), or for a proxy that has
/// challenged the client (section 11.7.2).
const HOP_BY_HOP: NameSet = NameSet::from_names(&[
    FieldName::Connection,
    FieldName::KeepAlive,
    FieldName::ProxyAuthorization,
    FieldName::ProxyConnection,
    FieldName::Te,
    FieldName::Trailer,
    FieldName::TransferEncoding,
    FieldName::Upgrade,
]);
/// Fields of a request that are not forwarded.
const NOT_FORWARDED: NameSet = HOP_BY_HOP.union(NameSet::from_names(&[
    FieldName::XForwardedFor,
    FieldName::XForwardedProto,
]));
/// Fields that a Connection field cannot remove.
const KEPT: NameSet = NameSet::from_names(&[
    FieldName::Host,
    FieldName::Cookie,
    FieldName::ContentLength,
    FieldName::TransferEncoding,
]);

impl<'a> HeaderEdits<'a> {
    /// The edits to the fields of a request.
    ///
    /// # Errors
    /// None: the values set are valid field values.
    pub(crate) fn for_upstream(
        fields: &Fields<'_>,
        admitted: &'a Admitted,
    ) -> Result<Self, InvalidHeaderValue> {
        let mut edits = Self::dropping(NOT_FORWARDED, Some(is_claim));
        edits.nominate(fields);
        match Cookies::for_upstream(fields) {
            Cookies::Unchanged => {}
            Cookies::Removed => edits.remove("Cookie"),
            Cookies::Joined(cookies) => edits.set("Cookie", cookies),
        }
        edits.set_client(fields, admitted);
        let max_forwards = MaxForwards::parse(&admitted.exchange.logged.method, fields);
        if let Some(max_forwards) = max_forwards {
            edits.set("Max-Forwards", max_forwards.decremented().into_bytes());
        }
        let admission = &admitted.admission;
        if admission.strips_authorization() {
            edits.remove("Authorization");
        }
        for (name, value) in identity::fields(&admission.told)? {
            edits.set(name, value.as_bytes().to_vec());
        }
        edits.set_configured(admitted)?;
        Ok(edits)
    }

    /// The edits to a request of hubgate itself.
    pub(crate) fn for_own_request(configured: &'a RequestEdits) -> Self {
        let mut edits = Self::dropping(NameSet::from_names(&[]), None);
        edits.set_upstream(configured);
        edits
    }

    /// Adds the client's address and scheme, behind trusted proxies too; its own claims are dropped.
    fn set_client(&mut self, fields: &Fields<'_>, admitted: &'a Admitted) {
        let exchange = &admitted.exchange;
        let connection = &exchange.connection;
        let peer = connection.peer.ip();
        let trusted = &exchange.sites.config.trusted_proxies;
        let is_trusted = trusted.contains(peer);
        if is_trusted && fields.has(FieldName::XForwardedFor) {
            let hops = network::hops(peer, trusted, fields);
            let hops: Vec<_> = hops.iter().rev().flatten().map(IpAddr::to_string).collect();
            self.add("X-Forwarded-For", hops.join(", ").into_bytes());
            let client = exchange.client.client_ip().to_string();
            self.add("X-Real-IP", client.into_bytes());
        } else {
            self.add("X-Forwarded-For", connection.peer_text.as_bytes());
            self.add("X-Real-IP", connection.peer_text.as_bytes());
        }
        let scheme = scheme(fields, connection, is_trusted);
        self.add("X-Forwarded-Proto", scheme.as_bytes());
    }

    /// Sets and removes the fields that the site and its upstream configure.
    fn set_configured(&mut self, admitted: &'a Admitted) -> Result<(), InvalidHeaderValue> {
        if let Some(name) = admitted.site.config.user_header.as_deref() {
            let user = identity::user(&admitted.admission)?;
            self.set_user(name, user.map(|user| user.as_bytes().to_vec().into()));
        }
        self.set_upstream(admitted.route.edits());
        Ok(())
    }

    /// Sets and removes the fields that an upstream configures.
    fn set_upstream(&mut self, configured: &'a RequestEdits) {
        for (name, value) in configured.fields() {
            match value {
                Some(value) => self.set(name, value.as_bytes().to_vec()),
                None => self.remove(name),
            }
        }
        if let Some(host) = configured.host() {
            self.set("Host", host.as_bytes());
        }
    }
}

/// The scheme of the connection, or that which a trusted proxy names for its client.
fn scheme(fields: &Fields<'_>, connection: &ConnectionInfo, trusted: bool) -> &'static str {
    match fields.get(FieldName::XForwardedProto) {
        Some(b"https") if trusted => "https",
        Some(b"http") if trusted => "http",
        _ if connection.tls.is_some() => "https",
        _ => "http",
    }
}

/// Reports whether only hubgate may set a field. Many servers read `_` as `-`, some every
/// character that is no letter or digit (CGI, RFC 3875, section 4.1.18).
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

/// The edit to the Cookie fields of a request.
#[derive(Debug, PartialEq, Eq)]
enum Cookies {
    Unchanged,
    Removed,
    Joined(Vec<u8>),
}

impl Cookies {
    /// Joins the Cookie fields that HTTP/2 may split (RFC 9113, section 8.2.3), and removes
    /// hubgate's session cookie.
    fn for_upstream(fields: &Fields<'_>) -> Self {
        let mut all = fields.all(FieldName::Cookie);
        let Some(first) = all.next() else {
            return Self::Unchanged;
        };
        let joined = all.next().map(|second| {
            let all = [first, second].into_iter().chain(all);
            all.collect::<Vec<_>>().join(&b"; "[..])
        });
        let others = cookie::without(joined.as_deref().unwrap_or(first));
        match others.or(joined) {
            None => Self::Unchanged,
            Some(kept) if kept.is_empty() => Self::Removed,
            Some(kept) => Self::Joined(kept),
        }
    }
}

/// The fields that Connection names, without those that are dropped anyway and those that it
/// cannot remove.
fn nominated<'h>(fields: &Fields<'h>) -> impl Iterator<Item = &'h str> {
    let is_known = |token: &str| match FieldName::parse(token.as_bytes()) {
        Some(known) => HOP_BY_HOP.union(KEPT).has(known),
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
