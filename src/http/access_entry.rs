//! The last step of a request: its log line and its counts.

use http::StatusCode;

use super::{proxy::Proxy, request::Exchange};
use crate::access::verdict::Admission;
use crate::telemetry::access_log::{Entry, Protocol};

impl Proxy {
    /// Writes the line of a request that has ended.
    pub(super) fn log_request(&self, exchange: &Exchange, admission: Option<&Admission>) {
        let (status, sent) = exchange.answered.unwrap_or_default();
        let logged = &exchange.logged;
        let identity = admission.and_then(|admission| admission.identity.as_ref());
        let (began, time) = exchange.began;
        self.log.record(&Entry {
            time,
            client: exchange.client.accountable(),
            user: admission.and_then(|admission| admission.user.as_deref()),
            certificate: identity.and_then(|identity| identity.common_name()),
            protocol: protocol(exchange),
            host: Some(logged.host.as_str()),
            method: logged.method.as_str(),
            target: logged.target.as_bytes(),
            version: logged.version,
            status,
            body_bytes_sent: sent,
            duration: began.elapsed(),
            upstream_time: None,
            referer: some(&logged.referer),
            user_agent: some(&logged.user_agent),
        });
        self.counters.bytes_received.add(exchange.received);
        self.counters.bytes_sent.add(sent);
        if let Ok(status) = StatusCode::from_u16(status) {
            self.counters.request(status);
        }
    }
}

fn protocol(exchange: &Exchange) -> Protocol {
    let websocket = exchange.answered.is_some_and(|(status, _)| status == 101);
    match (websocket, exchange.connection.tls.is_some()) {
        (false, false) => Protocol::Http,
        (false, true) => Protocol::Https,
        (true, false) => Protocol::Ws,
        (true, true) => Protocol::Wss,
    }
}

fn some(text: &str) -> Option<&[u8]> {
    (!text.is_empty()).then_some(text.as_bytes())
}
