//! Validation requests: those of a CA, and that of the process that hands over to this one.

use http::StatusCode;

use crate::http::{
    proxy::{Proxy, TAKEOVER},
    request::{Exchange, Request},
    response::local_response::LocalResponse,
};

impl Proxy {
    /// Responds to the validation request of a CA before every rule and for whatever host (RFC
    /// 8555, section 8.3), and to the probe of a hand-over. Any other request passes.
    pub(super) fn answer_validation(
        &self,
        exchange: &Exchange,
        request: &Request<'_>,
    ) -> Result<(), LocalResponse> {
        let mut token = self.takeover.iter();
        if let Some(token) = token.find(|token| is_probe(token, request)) {
            return Err(LocalResponse::bytes(StatusCode::OK, token.clone()));
        }
        let peer = exchange.connection.peer.ip();
        match self.challenges.answer_http(request.path(), peer) {
            Some(proof) => Err(LocalResponse::bytes(StatusCode::OK, proof)),
            None => Ok(()),
        }
    }
}

/// Whether the process that hands over requests its probe.
fn is_probe(token: &str, request: &Request<'_>) -> bool {
    request.path().strip_prefix(TAKEOVER) == Some(token)
}
