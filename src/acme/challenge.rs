//! Active responses to challenges: http-01 on port 80 (RFC 8555, 8.3) and tls-alpn-01 on port 443
//! (RFC 8737).
//!
//! A response is active as long as its `Presented` lives, and each validation request is recorded.
//! The module neither talks to the CA nor reads sockets.

mod active_response;
pub(crate) mod solver;
#[cfg(test)]
mod tests;
mod tls_alpn;
mod validation_request;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::ServerConfig;
use time::OffsetDateTime;

pub use self::validation_request::ValidationRequest;
use self::{
    active_response::{ActiveResponse, Response},
    tls_alpn::ValidationCertificate,
};
use super::problem::Problem;
use crate::config::model::{ChallengeKind, Host};

/// The path of http-01, before the token.
const WELL_KNOWN: &str = "/.well-known/acme-challenge/";

/// The active responses; clones share them.
#[derive(Clone, Default)]
pub struct ActiveChallenges {
    active: Arc<Mutex<Vec<Arc<ActiveResponse>>>>,
}

/// An active response, which ends when this is dropped.
pub struct Presented {
    challenges: ActiveChallenges,
    active: Arc<ActiveResponse>,
}

impl ActiveChallenges {
    /// Activates the response to a token of http-01.
    #[must_use]
    pub fn present_http(&self, token: &str, key_authorization: &str) -> Presented {
        self.present(Response::Http {
            token: token.to_owned(),
            key_authorization: key_authorization.to_owned(),
        })
    }

    /// Activates the validation certificate of tls-alpn-01; `digest` is the SHA-256 of the key
    /// authorization.
    ///
    /// # Errors
    /// `Class::Provider` for a wildcard, which tls-alpn-01 cannot validate, and for a name that
    /// no certificate can have.
    pub fn present_tls_alpn(
        &self,
        identifier: &Host,
        digest: &[u8; 32],
    ) -> Result<Presented, Problem> {
        let certificate = ValidationCertificate::new(identifier, digest);
        let config = certificate.server_config().map_err(|fault| {
            Problem::provider(format!(
                "no certificate of tls-alpn-01 for {identifier}: {fault:#}"
            ))
        })?;
        Ok(self.present(Response::TlsAlpn {
            server_name: certificate.server_name(),
            config,
        }))
    }

    /// Returns the body for the path of a validation request, and records the request; none if
    /// the token has no active response.
    #[must_use]
    pub fn answer_http(&self, path: &str, peer: IpAddr) -> Option<String> {
        let token = path.strip_prefix(WELL_KNOWN)?;
        let is_requested = |response: &Response| response.http(token).is_some();
        let found = self.find_and_record(ChallengeKind::Http01, peer, is_requested)?;
        found.response.http(token).map(str::to_owned)
    }

    /// Returns the TLS configuration for a handshake that offers exactly `acme-tls/1`, and records
    /// the handshake; none if the server name has no active response.
    #[must_use]
    pub fn tls_alpn_config(&self, server_name: &str, peer: IpAddr) -> Option<Arc<ServerConfig>> {
        let is_requested = |response: &Response| response.tls_alpn(server_name).is_some();
        let found = self.find_and_record(ChallengeKind::TlsAlpn01, peer, is_requested)?;
        found.response.tls_alpn(server_name).map(Arc::clone)
    }

    fn present(&self, response: Response) -> Presented {
        let active = Arc::new(ActiveResponse::new(response));
        self.lock().push(Arc::clone(&active));
        Presented {
            challenges: self.clone(),
            active,
        }
    }

    /// Finds the newest response that a request matches, and records the request with it.
    ///
    /// A request without a match is recorded with every response of its type: for the diagnosis,
    /// it shows that the port is reachable.
    fn find_and_record(
        &self,
        kind: ChallengeKind,
        peer: IpAddr,
        is_requested: impl Fn(&Response) -> bool,
    ) -> Option<Arc<ActiveResponse>> {
        let all = self.lock();
        let found = all
            .iter()
            .rev()
            .find(|active| is_requested(&active.response));
        let request = ValidationRequest {
            peer: peer.to_canonical(),
            at: OffsetDateTime::now_utc(),
            answered: found.is_some(),
        };
        match found {
            Some(active) => active.record(request),
            None => all
                .iter()
                .filter(|active| active.response.kind() == kind)
                .for_each(|active| active.record(request)),
        }
        found.cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<ActiveResponse>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presented {
    /// Returns the validation requests so far, the earliest first; 64 at most.
    #[must_use]
    pub fn validation_requests(&self) -> Vec<ValidationRequest> {
        self.active.requests()
    }
}

impl Drop for Presented {
    fn drop(&mut self) {
        self.challenges
            .lock()
            .retain(|active| !Arc::ptr_eq(active, &self.active));
    }
}
