//! Validation of proofs: http-01, tls-alpn-01 (RFC 8737) and dns-01.

mod attempt;

use std::{io, time::Duration, time::Instant};

use serde_json::Value;
use tokio::time::{sleep, timeout};

pub(super) use self::attempt::ValidationAttempt;
use super::{
    Endpoint, Fault, RecordedValidation, Shared, ValidationFailure, authorization::Standing,
    fault::Part, response::problem, validation_failure::stranger,
};

/// The types of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http01,
    TlsAlpn01,
    Dns01,
}

/// Timeout of a validation request.
const RETRY_DEADLINE: Duration = Duration::from_secs(5);

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Dns01 => "dns-01",
        }
    }
}

/// Validates the proof and stores the result in the authorization.
pub(super) async fn validate(shared: Shared, authorization: usize, visit: ValidationAttempt) {
    let fault = {
        let mut state = shared.lock().unwrap();
        state.faults.strike(Part::Validation, Endpoint::Challenge)
    };
    let error = error(&visit, fault).await;
    let mut state = shared.lock().unwrap();
    state.record.validated.push(RecordedValidation {
        name: visit.name,
        challenge: visit.kind.name(),
        error: error.as_ref().map(|error| error["detail"].to_string()),
        at: Instant::now(),
    });
    state.authorizations[authorization].standing = match error {
        Some(error) => Standing::Invalid(visit.kind, error),
        None => Standing::Valid(visit.kind),
    };
}

/// Returns the error of a validation, if any; a secondary one fails only after success from here.
async fn error(visit: &ValidationAttempt, fault: Option<Fault>) -> Option<Value> {
    let sight = match fault {
        Some(Fault::Unproven(sight)) => sight,
        Some(Fault::Late(wait)) => {
            sleep(wait).await;
            return seen(visit).await;
        }
        _ => return seen(visit).await,
    };
    if sight == ValidationFailure::SecondaryTimeOut
        && let Some(error) = seen(visit).await
    {
        return Some(error);
    }
    Some(sight.problem(visit.kind, &visit.name, &visit.token))
}

async fn seen(visit: &ValidationAttempt) -> Option<Value> {
    let ValidationAttempt {
        kind, name, token, ..
    } = visit;
    match timeout(RETRY_DEADLINE, visit.proof()).await {
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some(problem(403, "unauthorized", &stranger(*kind, name, token))),
        Ok(Err(error)) => Some(unreached(visit, &error)),
        Err(_) => Some(ValidationFailure::TimeOut.problem(*kind, name, token)),
    }
}

fn unreached(visit: &ValidationAttempt, error: &io::Error) -> Value {
    let ValidationAttempt {
        kind, name, token, ..
    } = visit;
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return ValidationFailure::Refused.problem(*kind, name, token);
    }
    problem(400, "connection", &format!("127.0.0.1: {error}"))
}
