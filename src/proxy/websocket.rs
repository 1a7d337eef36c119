//! WebSockets (RFC 6455): the upgrade, and the tunnel after a 101.
//!
//! The upgrade goes to the server and back as any other request (`direct`). Frames pass untouched;
//! only their boundaries are followed, so that a close frame fits between two.

use bytes::BytesMut;
use http::{Method, StatusCode, Version};

use super::{
    Proxy,
    conn::{Conn, Passing},
    direct::Switched,
    exchange::Exchange,
    head::{Body, Head},
    headers::Changes,
    tunnel::Tunnel,
};
use crate::fields::{FieldName, Fields};

/// The protocol in the Upgrade fields.
pub(super) const PROTOCOL: &[u8] = b"websocket";

/// Whether the request opens a WebSocket, as RFC 6455, section 4.2.1 demands.
#[must_use]
pub(super) fn is_upgrade(head: &Head<'_>) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && head.body == Body::Length(0)
        && head.fields.connection_has("upgrade")
        && names_websocket(&head.fields)
        && head.fields.has(FieldName::SecWebSocketKey)
}

/// Whether a 101 with these fields opens a WebSocket.
pub(super) fn is_accepted(fields: &Fields<'_>) -> bool {
    names_websocket(fields) && fields.has(FieldName::SecWebSocketAccept)
}

/// Sets what an upgrade says of its connection to the hub.
pub(super) fn upgrade(changes: &mut Changes<'_>) {
    changes.set("Connection", &b"Upgrade"[..]);
    changes.set("Upgrade", PROTOCOL);
}

fn names_websocket(fields: &Fields<'_>) -> bool {
    let upgrade = fields.only(FieldName::Upgrade);
    upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case(PROTOCOL))
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
