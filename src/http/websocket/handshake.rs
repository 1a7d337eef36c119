//! The opening handshake (RFC 6455, section 4), as its request and its 101 show it.

use http::{Method, Version};

use crate::{
    fields::{FieldName, Fields},
    http::{
        forward::headers::HeaderEdits,
        http1::request_head::{Body, Head},
    },
};

/// The value of the Upgrade field.
pub(crate) const PROTOCOL: &[u8] = b"websocket";

impl Head<'_> {
    /// Reports whether the request opens a WebSocket (RFC 6455, section 4.2.1).
    #[must_use]
    pub(crate) fn is_upgrade(&self) -> bool {
        self.method == Method::GET
            && self.version == Version::HTTP_11
            && self.body == Body::Length(0)
            && self.fields.connection().upgrade
            && names_websocket(&self.fields)
            && self.fields.has(FieldName::SecWebSocketKey)
    }
}

/// Reports whether a 101 with these fields opens a WebSocket (RFC 6455, section 4.2.2).
pub(crate) fn is_accepted(fields: &Fields<'_>) -> bool {
    names_websocket(fields) && fields.has(FieldName::SecWebSocketAccept)
}

impl HeaderEdits<'_> {
    /// Sets the fields by which the upstream connection switches to WebSocket.
    pub(crate) fn upgrade(&mut self) {
        self.set("Connection", &b"Upgrade"[..]);
        self.set("Upgrade", PROTOCOL);
    }
}

fn names_websocket(fields: &Fields<'_>) -> bool {
    let upgrade = fields.only(FieldName::Upgrade);
    upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case(PROTOCOL))
}
