//! The opening handshake (RFC 6455, section 4): how a request and its 101 are recognised.

use http::{Method, Version};

use crate::{
    fields::{FieldName, Fields},
    http::{
        forward::headers::HeaderEdits,
        http1::request_head::{Body, Head},
    },
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
