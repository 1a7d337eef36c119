//! The log line and the counts of a request, at its end.

use http::StatusCode;

use super::{
    proxy::Proxy,
    request::{Exchange, SentResponse},
};
use crate::{
    access::verdict::Admission,
    telemetry::access_log::{Entry, Protocol},
};

impl Proxy {
    /// Logs and counts a request that has ended.
    pub(super) fn log_request(&self, exchange: &Exchange, admission: Option<&Admission>) {
        let SentResponse { status, bytes } = exchange.response.unwrap_or_default();
        let logged = &exchange.logged;
        let identity = admission.and_then(|admission| admission.identity.as_ref());
        self.log.log(&Entry {
            time: exchange.time,
            client: exchange.client.client_ip(),
            user: admission.and_then(|admission| admission.user.as_deref()),
            certificate: identity.and_then(|identity| identity.common_name()),
            protocol: exchange.protocol(),
            host: Some(logged.host()),
            method: logged.method.as_str(),
            target: logged.target.as_bytes(),
            version: logged.version,
            status,
            body_bytes_sent: bytes,
            duration: exchange.began.elapsed(),
            upstream_time: exchange.upstream_time,
            referer: non_empty(&logged.referer),
            user_agent: non_empty(&logged.user_agent),
        });
        self.counters.bytes_received.add(exchange.received);
        self.counters.bytes_sent.add(bytes);
        if let Ok(status) = StatusCode::from_u16(status) {
            self.counters.request(status);
        }
    }
}

impl Exchange {
    fn protocol(&self) -> Protocol {
        let websocket = self.response.is_some_and(|sent| sent.status == 101);
        match (websocket, self.connection.tls.is_some()) {
            (false, false) => Protocol::Http,
            (false, true) => Protocol::Https,
            (true, false) => Protocol::Ws,
            (true, true) => Protocol::Wss,
        }
    }
}

fn non_empty(text: &str) -> Option<&[u8]> {
    (!text.is_empty()).then_some(text.as_bytes())
}
