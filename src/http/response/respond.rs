//! A request with its local response, the same for both versions until it is written.

use super::local_response::LocalResponse;
use crate::{
    access::verdict::Admission,
    http::{
        admission::{Admitted, Refused},
        proxy::Proxy,
        request::Exchange,
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
    /// The response to a request that the gate did not judge.
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

    /// The response to an admitted request that has none of its upstream.
    pub(crate) fn admitted(admitted: Admitted, response: LocalResponse) -> Self {
        Self {
            response: admitted.localise(response),
            exchange: admitted.exchange,
            admission: Some(admitted.admission),
        }
    }

    /// Writes the request's line of the log, and frees what only that needed.
    pub(crate) fn log(&mut self, proxy: &Proxy) {
        let exchange = &mut self.exchange;
        let sent = self.response.sent_for(&exchange.logged.method);
        exchange.answered = Some((self.response.status.as_u16(), sent));
        proxy.log_request(exchange, self.admission.as_ref());
        exchange.logged.release();
    }
}
