//! A WebSocket after its 101.
//!
//! The upgrade passes as any other request (`forward`). Frames pass untouched; only their
//! boundaries are followed, so that a close frame fits between two.

use bytes::BytesMut;
use http::StatusCode;

use super::tunnel::Tunnel;
use crate::{
    http::{admission::Admitted, forward::exchange::Switched, proxy::Proxy},
    transport::client_stream::{ClientStream, ReadLimit},
};

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
