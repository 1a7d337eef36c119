//! The authorization of one identifier with its challenges (RFC 8555, 7.1.4).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{AuthorizationState, ChallengeType, Identifier};
pub(super) use instant_acme::{AuthorizationStatus, ChallengeStatus};

use super::document::Document;
use crate::{
    acme::problem::{Class, Problem},
    config::model::{ChallengeKind, Host},
};

/// The authorization of one identifier.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The name or address; a wildcard is one here.
    pub identifier: Host,
    /// The status at the CA; a valid authorization needs no challenge.
    pub status: AuthorizationStatus,
    /// The challenges that hubgate supports; one of them is enough.
    pub challenges: Vec<Challenge>,
}

/// A challenge of an authorization.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The type: http-01, tls-alpn-01 or dns-01.
    pub kind: ChallengeKind,
    /// The token of the CA.
    pub token: String,
    /// The URL to which the client responds.
    pub url: String,
    /// Token and thumbprint of the account's key (RFC 8555, 8.1): the body of http-01.
    pub key_authorization: String,
    /// The status at the CA.
    pub status: ChallengeStatus,
    /// The error of the failed validation.
    pub error: Option<Problem>,
}

impl Authorization {
    /// Reads an authorization; `thumbprint` is that of the account's key.
    ///
    /// Returns none for an identifier that is neither a DNS name nor an address.
    pub(super) fn from_state(state: &AuthorizationState, thumbprint: &str) -> Option<Self> {
        let identifier = Self::host(state)?;
        let challenges = state.challenges.iter();
        let challenges = challenges
            .filter_map(|challenge| Challenge::from_acme(challenge, thumbprint, &identifier))
            .collect();
        Some(Self {
            identifier,
            status: state.status,
            challenges,
        })
    }

    fn host(state: &AuthorizationState) -> Option<Host> {
        let authorized = state.identifier();
        Some(match authorized.identifier {
            Identifier::Dns(name) if !name.bytes().all(|byte| byte.is_ascii_graphic()) => {
                return None;
            }
            Identifier::Dns(name) if authorized.wildcard => Host::Wildcard(name.clone()),
            Identifier::Dns(name) => Host::Name(name.clone()),
            Identifier::Ip(address) => Host::Address(*address),
            _ => return None,
        })
    }

    /// Returns the problem of an invalid authorization.
    pub(super) fn failure(&self) -> Option<Problem> {
        let mut challenges = self.challenges.iter();
        let error = challenges.find_map(|challenge| challenge.error.clone());
        match self.status {
            AuthorizationStatus::Invalid => Some(error.unwrap_or_else(|| self.unexplained())),
            _ => None,
        }
    }

    fn unexplained(&self) -> Problem {
        let mut problem = Problem::new(
            Class::Validation,
            "the validation failed, and the CA gives no reason",
        );
        problem.identifier = Some(self.identifier.to_string());
        problem
    }
}

impl Challenge {
    /// Reads a challenge; none for a type that hubgate does not support.
    fn from_acme(
        challenge: &instant_acme::Challenge,
        thumbprint: &str,
        identifier: &Host,
    ) -> Option<Self> {
        let kind = match challenge.r#type {
            ChallengeType::Http01 => ChallengeKind::Http01,
            ChallengeType::TlsAlpn01 => ChallengeKind::TlsAlpn01,
            ChallengeType::Dns01 => ChallengeKind::Dns01,
            _ => return None,
        };
        let token = &challenge.token;
        let error = challenge.error.as_ref();
        Some(Self {
            kind,
            token: token.clone(),
            url: challenge.url.clone(),
            key_authorization: format!("{token}.{thumbprint}"),
            status: challenge.status,
            error: error.map(|error| Document::new(error).validation_problem(identifier)),
        })
    }

    pub(super) fn acme_type(&self) -> ChallengeType {
        match self.kind {
            ChallengeKind::Http01 => ChallengeType::Http01,
            ChallengeKind::TlsAlpn01 => ChallengeType::TlsAlpn01,
            ChallengeKind::Dns01 => ChallengeType::Dns01,
        }
    }

    /// Returns true if an authorization has this challenge.
    pub(super) fn is_in(&self, authorization: &AuthorizationState) -> bool {
        let mut challenges = authorization.challenges.iter();
        challenges.any(|challenge| challenge.url == self.url)
    }

    /// Returns the SHA-256 of the key authorization, for tls-alpn-01 (RFC 8737, 3).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let digest = digest(&SHA256, self.key_authorization.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        bytes
    }

    /// Returns the value of the TXT record of dns-01 (RFC 8555, 8.4).
    #[must_use]
    pub fn dns_value(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.digest())
    }
}
