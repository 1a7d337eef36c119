//! WebSockets (RFC 6455): the upgrade, and the tunnel after a 101.
//!
//! The upgrade goes to the server and back as any other request (`direct`). Frames pass untouched;
//! only their boundaries are followed, so that a close frame fits between two.

use bytes::BytesMut;
use http::{HeaderValue, Method, StatusCode, Version, header};

use super::{
    Proxy,
    conn::{Conn, Passing},
    direct::Switched,
    exchange::Exchange,
    head::{Body, Head},
    headers::{Changes, Fields, connection_has},
    tunnel::Tunnel,
};

/// The protocol in the Upgrade fields.
pub(super) const PROTOCOL: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("Upgrade");

/// Whether the request opens a WebSocket, as RFC 6455, section 4.2.1 demands.
#[must_use]
pub(super) fn is_upgrade(head: &Head) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && head.body == Body::Length(0)
        && connection_has(&head.headers, "upgrade")
        && names_websocket(&head.headers)
        && head.headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// Whether a 101 with these fields opens a WebSocket.
pub(super) fn is_accepted(fields: &(impl Fields + ?Sized)) -> bool {
    names_websocket(fields) && fields.all("sec-websocket-accept").next().is_some()
}

/// Sets what an upgrade says of its connection to the hub.
pub(super) fn upgrade(changes: &mut Changes<'_>) {
    changes.set("Connection", Some(UPGRADE));
    changes.set("Upgrade", Some(PROTOCOL));
}

fn names_websocket(fields: &(impl Fields + ?Sized)) -> bool {
    let mut upgrades = fields.all("upgrade");
    let (first, second) = (upgrades.next(), upgrades.next());
    second.is_none() && first.is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

/// Sends the 101 to the client, joins the two connections until one ends, and writes the log line.
pub(super) async fn tunnel(
    proxy: &Proxy,
    mut conn: Conn,
    mut exchange: Box<Exchange>,
    switched: Box<Switched<BytesMut>>,
) {
    let Switched {
        mut hub,
        head,
        early,
    } = *switched;
    conn.pass(Passing::All);
    let mut sent = 0;
    if conn.send(&head).await.is_ok() {
        drop(head);
        let idle = exchange.sites.config.limits.stream_idle;
        let _open = proxy.counters.websockets_open.enter();
        let tunnel = Tunnel::new(conn, &mut hub.stream, &early);
        sent = tunnel.run(idle, &proxy.drain.leaving).await;
    }
    exchange.answered = Some((StatusCode::SWITCHING_PROTOCOLS.as_u16(), sent));
    proxy.record(&exchange);
}
