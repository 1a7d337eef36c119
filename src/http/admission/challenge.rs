//! Validation requests of a CA, and the probe of the process that hands over to this one.

use http::StatusCode;

use crate::http::{
    proxy::{Proxy, TAKEOVER},
    request::{Exchange, Request},
    response::local_response::LocalResponse,
};

/// The beginning of both paths (RFC 8615).
const WELL_KNOWN: &str = "/.well-known/";

impl Proxy {
    /// Responds to the validation request of a CA, for any host and without an access rule (RFC
    /// 8555, section 8.3), and to the probe of a hand-over. Any other request passes.
    pub(super) fn answer_validation(
        &self,
        exchange: &Exchange,
        request: &Request<'_>,
    ) -> Result<(), LocalResponse> {
        if !request.target.starts_with(WELL_KNOWN) {
            return Ok(());
        }
        let mut token = self.takeover.iter();
        let probed = request.path().strip_prefix(TAKEOVER);
        if let Some(token) = token.find(|token| probed == Some(token)) {
            return Err(LocalResponse::bytes(StatusCode::OK, token.clone()));
        }
        let peer = exchange.connection.peer.ip();
        match self.challenges.answer_http(request.path(), peer) {
            Some(proof) => Err(LocalResponse::bytes(StatusCode::OK, proof)),
            None => Ok(()),
        }
    }
}
