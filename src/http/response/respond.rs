//! A request with its local response, before either version of HTTP writes it.

use super::local_response::LocalResponse;
use crate::{
    access::verdict::Admission,
    http::{
        admission::{Admitted, Refused},
        proxy::Proxy,
        request::{Exchange, SentResponse},
    },
};

/// A request with its local response, in the client's language.
pub(crate) struct Respond {
    /// The request.
    pub(crate) exchange: Exchange,
    /// The response.
    pub(crate) response: LocalResponse,
    admission: Option<Admission>,
}

impl Respond {
    /// The response to a request that did not reach the gate.
    pub(crate) fn unjudged(exchange: Exchange, response: LocalResponse) -> Self {
        Self {
            response: response.localise(exchange.logged.reader, None),
            exchange,
            admission: None,
        }
    }

    /// The response to a request that was not admitted.
    pub(crate) fn refused(refused: Refused) -> Self {
        let Refused { exchange, refusal } = refused;
        Self {
            response: refusal.localise(exchange.logged.reader),
            exchange,
            admission: None,
        }
    }

    /// The local response to an admitted request that its upstream did not respond to.
    pub(crate) fn admitted(admitted: Admitted, response: LocalResponse) -> Self {
        Self {
            response: admitted.localise(response),
            exchange: admitted.exchange,
            admission: Some(admitted.admission),
        }
    }

    /// Logs the request and frees the texts that only the log line needs.
    pub(crate) fn log(&mut self, proxy: &Proxy) {
        let exchange = &mut self.exchange;
        exchange.response = Some(SentResponse {
            status: self.response.status.as_u16(),
            bytes: self.response.sent_for(&exchange.logged.method),
        });
        proxy.log_request(exchange, self.admission.as_ref());
        exchange.logged.release();
    }
}
