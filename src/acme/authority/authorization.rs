//! What the CA wants to see for one identifier (RFC 8555, 7.1.4), and what it thinks of it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{AuthorizationState, ChallengeType};
pub(super) use instant_acme::{AuthorizationStatus, ChallengeStatus};

use super::failure::Failure;
use crate::{
    acme::problem::{Class, Problem},
    config::model::{ChallengeKind, Host},
};

/// What the CA wants to see for one identifier.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The name or address; a wildcard is one here.
    pub identifier: Host,
    /// How far it is; one that is valid needs no proof.
    pub status: AuthorizationStatus,
    /// The proofs of which one is enough, of the kinds hubgate knows.
    pub challenges: Vec<Challenge>,
}

/// One way to prove it.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The kind of proof.
    pub kind: ChallengeKind,
    /// The token of the CA.
    pub token: String,
    /// Where the CA is told that the proof is up.
    pub url: String,
    /// What http-01 answers: token and thumbprint of the account's key (RFC 8555, 8.1).
    pub key_authorization: String,
    /// How far it is.
    pub status: ChallengeStatus,
    /// Why the CA did not believe it.
    pub error: Option<Problem>,
}

impl Authorization {
    /// `thumbprint` is that of the account's key; none for an identifier that is no host.
    pub(super) fn of(state: &AuthorizationState, thumbprint: &str) -> Option<Self> {
        let identifier = host(state)?;
        let challenges = state.challenges.iter();
        let challenges = challenges
            .filter_map(|challenge| Challenge::of(challenge, thumbprint, &identifier))
            .collect();
        Some(Self {
            identifier,
            status: state.status,
            challenges,
        })
    }

    /// Why it failed, if it did.
    pub(super) fn failure(&self) -> Option<Problem> {
        let error = self.challenges.iter().find_map(|it| it.error.clone());
        match self.status {
            AuthorizationStatus::Invalid => Some(error.unwrap_or_else(|| self.wordless())),
            _ => None,
        }
    }

    fn wordless(&self) -> Problem {
        let mut problem = Problem::new(
            Class::Validation,
            "the CA did not believe the proof and does not say why",
        );
        problem.identifier = Some(self.identifier.to_string());
        problem
    }
}

impl Challenge {
    fn of(
        challenge: &instant_acme::Challenge,
        thumbprint: &str,
        identifier: &Host,
    ) -> Option<Self> {
        let token = &challenge.token;
        let error = challenge.error.as_ref();
        Some(Self {
            kind: kind(&challenge.r#type)?,
            token: token.clone(),
            url: challenge.url.clone(),
            key_authorization: format!("{token}.{thumbprint}"),
            status: challenge.status,
            error: error.map(|error| disbelief(error, identifier)),
        })
    }

    /// The SHA-256 that tls-alpn-01 has in its certificate (RFC 8737, 3).
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let digest = digest(&SHA256, self.key_authorization.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        bytes
    }

    /// The text that dns-01 has in its record (RFC 8555, 8.4).
    #[must_use]
    pub fn dns_value(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.digest())
    }
}

/// A challenge's error; whatever its type, it counts as a failed validation at the CA.
pub(super) fn disbelief(error: &instant_acme::Problem, identifier: &Host) -> Problem {
    let Failure { problem, kind, .. } = Failure::of_document(error, None);
    let class = match problem.class {
        class @ (Class::RateLimited | Class::Paused) => class,
        Class::Refused if kind.as_deref() == Some("caa") => Class::Refused,
        _ => Class::Validation,
    };
    Problem {
        class,
        identifier: problem.identifier.or_else(|| Some(identifier.to_string())),
        ..problem
    }
}

fn kind(kind: &ChallengeType) -> Option<ChallengeKind> {
    match kind {
        ChallengeType::Http01 => Some(ChallengeKind::Http01),
        ChallengeType::TlsAlpn01 => Some(ChallengeKind::TlsAlpn01),
        ChallengeType::Dns01 => Some(ChallengeKind::Dns01),
        _ => None,
    }
}

pub(super) fn acme_type(kind: ChallengeKind) -> ChallengeType {
    match kind {
        ChallengeKind::Http01 => ChallengeType::Http01,
        ChallengeKind::TlsAlpn01 => ChallengeType::TlsAlpn01,
        ChallengeKind::Dns01 => ChallengeType::Dns01,
    }
}

fn host(state: &AuthorizationState) -> Option<Host> {
    let identifier = state.identifier();
    Some(match identifier.identifier {
        instant_acme::Identifier::Dns(name) if !name.bytes().all(|it| it.is_ascii_graphic()) => {
            return None;
        }
        instant_acme::Identifier::Dns(name) if identifier.wildcard => Host::Wildcard(name.clone()),
        instant_acme::Identifier::Dns(name) => Host::Name(name.clone()),
        instant_acme::Identifier::Ip(address) => Host::Address(*address),
        _ => return None,
    })
}
