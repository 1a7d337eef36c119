//! An active response to a challenge, with the validation requests that arrived for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;

use super::ValidationRequest;
use crate::config::model::ChallengeKind;

/// The most requests that are stored, answered and unanswered each; a CA sends about six.
const MOST_REQUESTS: usize = 32;

/// An active response to a challenge.
pub(super) struct ActiveResponse {
    pub(super) response: Response,
    requests: Mutex<Vec<ValidationRequest>>,
}

/// The response to a challenge of one identifier.
pub(super) enum Response {
    Http {
        token: String,
        key_authorization: String,
    },
    TlsAlpn {
        server_name: String,
        config: Arc<ServerConfig>,
    },
}

impl ActiveResponse {
    pub(super) fn new(response: Response) -> Self {
        Self {
            response,
            requests: Mutex::default(),
        }
    }

    /// Stores a validation request; unanswered ones cannot use up the room for answered ones.
    pub(super) fn record(&self, request: ValidationRequest) {
        let mut requests = self.lock();
        let same_kind = requests
            .iter()
            .filter(|other| other.answered == request.answered);
        if same_kind.count() < MOST_REQUESTS {
            requests.push(request);
        }
    }

    pub(super) fn requests(&self) -> Vec<ValidationRequest> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ValidationRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Response {
    pub(super) fn kind(&self) -> ChallengeKind {
        match self {
            Self::Http { .. } => ChallengeKind::Http01,
            Self::TlsAlpn { .. } => ChallengeKind::TlsAlpn01,
        }
    }

    /// Returns the key authorization, if the response is for this token.
    pub(super) fn http(&self, requested: &str) -> Option<&str> {
        match self {
            Self::Http {
                token,
                key_authorization,
            } if token == requested => Some(key_authorization),
            _ => None,
        }
    }

    /// Returns the TLS configuration, if the response is for this server name.
    pub(super) fn tls_alpn(&self, requested: &str) -> Option<&Arc<ServerConfig>> {
        match self {
            Self::TlsAlpn {
                server_name,
                config,
            } if server_name.eq_ignore_ascii_case(requested) => Some(config),
            _ => None,
        }
    }
}
