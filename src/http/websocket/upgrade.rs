//! WebSockets (RFC 6455): the upgrade, and the tunnel after a 101.
//!
//! The upgrade goes to the server and back as any other request (`direct`). Frames pass untouched;
//! only their boundaries are followed, so that a close frame fits between two.

use bytes::BytesMut;
use http::{Method, StatusCode, Version};

use super::tunnel::Tunnel;
use crate::{
    fields::{FieldName, Fields},
    http::{
        admission::Admitted,
        forward::{exchange::Switched, headers::HeaderEdits},
        http1::request_head::{Body, Head},
        proxy::Proxy,
    },
    transport::client_stream::{ClientStream, ReadLimit},
};

/// The protocol in the Upgrade fields.
pub(crate) const PROTOCOL: &[u8] = b"websocket";

/// Whether the request opens a WebSocket, as RFC 6455, section 4.2.1 demands.
#[must_use]
pub(crate) fn is_upgrade(head: &Head<'_>) -> bool {
    head.method == Method::GET
        && head.version == Version::HTTP_11
        && head.body == Body::Length(0)
        && head.fields.connection_has("upgrade")
        && names_websocket(&head.fields)
        && head.fields.has(FieldName::SecWebSocketKey)
}

/// Whether a 101 with these fields opens a WebSocket.
pub(crate) fn is_accepted(fields: &Fields<'_>) -> bool {
    names_websocket(fields) && fields.has(FieldName::SecWebSocketAccept)
}

/// Sets what an upgrade says of its connection to the hub.
pub(crate) fn upgrade(edits: &mut HeaderEdits<'_>) {
    edits.set("Connection", &b"Upgrade"[..]);
    edits.set("Upgrade", PROTOCOL);
}

fn names_websocket(fields: &Fields<'_>) -> bool {
    let upgrade = fields.only(FieldName::Upgrade);
    upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case(PROTOCOL))
}

/// Sends the 101 to the client, joins the two connections until one ends, and writes the log line.
pub(crate) async fn tunnel(
    proxy: &Proxy,
    mut client: ClientStream,
    mut admitted: Box<Admitted>,
    switched: Box<Switched<BytesMut>>,
) {
    let Switched {
        mut upstream,
        head,
        early,
    } = *switched;
    client.limit_reads(ReadLimit::All);
    let mut sent = 0;
    if client.send(&head).await.is_ok() {
        drop(head);
        let idle = admitted.exchange.sites.config.limits.stream_idle;
        let _open = proxy.counters.websockets_open.enter();
        let tunnel = Tunnel::new(client, &mut upstream.stream, &early);
        sent = tunnel.run(idle, &proxy.drain.leaving).await;
    }
    let status = StatusCode::SWITCHING_PROTOCOLS.as_u16();
    admitted.exchange.answered = Some((status, sent));
    proxy.log_request(&admitted.exchange, Some(&admitted.admission));
}
