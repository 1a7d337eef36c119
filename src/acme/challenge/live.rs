//! One proof that is up, with its visits.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;

use super::Hit;
use crate::config::model::ChallengeKind;

/// The most visits of each sort that are remembered; CAs look from half a dozen places.
const HITS: usize = 32;

/// One proof that is up.
pub(super) struct Live {
    pub(super) proof: Proof,
    hits: Mutex<Vec<Hit>>,
}

/// What is shown to who asks for it.
pub(super) enum Proof {
    Http {
        token: String,
        answer: String,
    },
    TlsAlpn {
        name: String,
        config: Arc<ServerConfig>,
    },
}

impl Live {
    pub(super) fn new(proof: Proof) -> Self {
        Self {
            proof,
            hits: Mutex::default(),
        }
    }

    /// Remembers a visit. Those who ask for something else cannot crowd out the CA.
    pub(super) fn remember(&self, hit: Hit) {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = hits.iter().filter(|it| it.answered == hit.answered);
        if alike.count() < HITS {
            hits.push(hit);
        }
    }

    pub(super) fn hits(&self) -> Vec<Hit> {
        let hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        hits.clone()
    }
}

impl Proof {
    pub(super) fn kind(&self) -> ChallengeKind {
        match self {
            Self::Http { .. } => ChallengeKind::Http01,
            Self::TlsAlpn { .. } => ChallengeKind::TlsAlpn01,
        }
    }

    /// The answer to a token, if it is this one.
    pub(super) fn http(&self, asked: &str) -> Option<&str> {
        match self {
            Self::Http { token, answer } if token == asked => Some(answer),
            _ => None,
        }
    }

    /// The configuration for a server's name, if it is this one.
    pub(super) fn tls_alpn(&self, asked: &str) -> Option<&Arc<ServerConfig>> {
        match self {
            Self::TlsAlpn { name, config } if name.eq_ignore_ascii_case(asked) => Some(config),
            _ => None,
        }
    }
}
