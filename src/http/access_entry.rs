//! The event of a request: access log, counters and history read it.

use std::fmt::Display;

use super::{
    admission::Admitted,
    proxy::Proxy,
    request::{Exchange, SentResponse},
};
use crate::{
    access::verdict::Admission,
    events::{
        reason::Reason,
        request::{RequestEnd, Visitor},
    },
    sites::site::Site,
    telemetry::access_log::{Entry, Protocol},
};

/// A request with the findings about it.
pub(crate) struct Logged<'a> {
    /// The request.
    pub(crate) exchange: &'a Exchange,
    /// Its site, once known.
    pub(crate) site: Option<&'a Site>,
    /// The access rule's admission.
    pub(crate) admission: Option<&'a Admission>,
    /// The reason for which no hub has responded.
    pub(crate) reason: Option<Reason>,
    /// The cause of the reason.
    pub(crate) cause: Option<&'a dyn Display>,
}

impl Proxy {
    /// Logs and counts a request that has ended.
    pub(super) fn log_request(&self, logged: &Logged<'_>) {
        self.events.request(&logged.ended());
    }

    /// Records the visitor of a request that has not ended and may last for hours.
    pub(super) fn record_visit(&self, logged: &Logged<'_>) {
        let ended = logged.ended();
        if let Some(visitor) = ended.visitor {
            self.events.visit(&ended, visitor);
        }
    }
}

impl<'a> Logged<'a> {
    /// A request with the response of its upstream.
    pub(crate) fn forwarded(admitted: &'a Admitted) -> Self {
        Self {
            exchange: &admitted.exchange,
            site: Some(&admitted.site),
            admission: Some(&admitted.admission),
            reason: None,
            cause: None,
        }
    }

    fn ended(&self) -> RequestEnd<'a> {
        RequestEnd {
            entry: self.entry(),
            site: self.site.map(|site| &site.counters),
            received: self.exchange.received,
            visitor: self.visitor(),
            reason: self.reason,
            detail: self.cause,
            last_visitor: &self.exchange.connection.last_visitor,
        }
    }

    fn visitor(&self) -> Option<Visitor<'a>> {
        let admission = self.admission?;
        let identity = admission.identity.as_ref();
        let name = identity.map(|identity| identity.common_name().unwrap_or(identity.serial()));
        Some(Visitor {
            factors: admission.factors,
            user: admission.user.as_deref(),
            device: name,
            address: self.exchange.client.client_ip(),
        })
    }

    fn entry(&self) -> Entry<'a> {
        let exchange = self.exchange;
        let SentResponse { status, bytes } = exchange.response.unwrap_or_default();
        let (logged, admission) = (&exchange.logged, self.admission);
        let identity = admission.and_then(|admission| admission.identity.as_ref());
        Entry {
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
