//! A WebSocket from its 101 to its end.
//!
//! `forward` handles the opening handshake as any other request. Frames are tunnelled unchanged.

use bytes::BytesMut;
use http::StatusCode;

use super::tunnel::Tunnel;
use crate::{
    http::{
        access_entry::Logged, admission::Admitted, forward::exchange::Switched, proxy::Proxy,
        request::SentResponse,
    },
    transport::client_stream::{ClientStream, ReadLimit},
};

impl Switched<BytesMut> {
    /// Sends the 101 to the client, tunnels until both connections have ended, and logs the
    /// request.
    pub(crate) async fn tunnel(
        self: Box<Self>,
        proxy: &Proxy,
        client: &mut ClientStream,
        mut admitted: Box<Admitted>,
    ) {
        let Self {
            mut upstream,
            head,
            early,
        } = *self;
        client.limit_reads(ReadLimit::All);
        let mut bytes = 0;
        if client.send(&head).await.is_ok() {
            drop(head);
            let idle = admitted.exchange.sites.config.limits.stream_idle;
            let _open = proxy.events.counters.websockets_open.enter();
            proxy.record_visit(&Logged::forwarded(&admitted));
            let tunnel = Tunnel::new(client, &mut upstream.stream, &early);
            bytes = tunnel.run(idle, &proxy.drain.leaving).await;
        }
        let status = StatusCode::SWITCHING_PROTOCOLS.as_u16();
        admitted.exchange.response = Some(SentResponse { status, bytes });
        proxy.log_request(&Logged::forwarded(&admitted));
    }
}
