//! A request with its local response, before either version of HTTP writes it.

use std::sync::Arc;

use super::local_response::LocalResponse;
use crate::{
    access::verdict::Admission,
    events::reason::Reason,
    http::{
        access_entry::Logged,
        admission::{Admitted, Refused},
        proxy::Proxy,
        request::{Exchange, SentResponse},
    },
    pages::notice::Notice,
    sites::site::Site,
};

/// A request with its local response, in the client's language.
pub(crate) struct Respond {
    /// The request.
    pub(crate) exchange: Exchange,
    /// The response.
    pub(crate) response: LocalResponse,
    admission: Option<Admission>,
    site: Option<Arc<Site>>,
    reason: Option<Reason>,
    /// The notice of the reason, which has its cause.
    notice: Option<Notice>,
}

impl Respond {
    /// The response to a request that did not reach the gate.
    pub(crate) fn unjudged(exchange: Exchange, response: LocalResponse) -> Self {
        let notice = response.notice.clone();
        Self {
            response: response.localise(exchange.logged.reader, None),
            exchange,
            admission: None,
            site: None,
            reason: notice.as_ref().and_then(Notice::reason),
            notice,
        }
    }

    /// The response to a request that was not admitted.
    pub(crate) fn refused(refused: Refused) -> Self {
        let Refused {
            exchange,
            mut refusal,
        } = refused;
        Self {
            admission: refusal.admission.take(),
            site: refusal.site.clone(),
            reason: refusal.reason(),
            notice: refusal.response.notice.clone(),
            response: refusal.localise(exchange.logged.reader),
            exchange,
        }
    }

    /// The local response to an admitted request that its upstream did not respond to.
    pub(crate) fn admitted(admitted: Admitted, response: LocalResponse) -> Self {
        let notice = response.notice.clone();
        Self {
            response: admitted.localise(response),
            exchange: admitted.exchange,
            admission: Some(admitted.admission),
            site: Some(admitted.site),
            reason: notice.as_ref().and_then(Notice::reason),
            notice,
        }
    }

    /// Logs the request and frees the texts that only the log line needs.
    pub(crate) fn log(&mut self, proxy: &Proxy) {
        let exchange = &mut self.exchange;
        exchange.response = Some(SentResponse {
            status: self.response.status.as_u16(),
            bytes: self.response.sent_for(&exchange.logged.method),
        });
        proxy.log_request(&Logged {
            exchange,
            site: self.site.as_deref(),
            admission: self.admission.as_ref(),
            reason: self.reason,
            cause: self.notice.as_ref().and_then(Notice::detail),
        });
        self.notice = None;
        exchange.logged.release();
    }
}
