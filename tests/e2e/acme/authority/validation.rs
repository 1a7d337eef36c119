//! Validation of proofs: http-01, tls-alpn-01 (RFC 8737) and dns-01.

mod visit;

use std::{io, time::Duration, time::Instant};

use serde_json::Value;
use tokio::time::{sleep, timeout};

pub(super) use self::visit::Visit;
use super::{
    Endpoint, Fault, Shared, Sight, Validated, answer::problem, authorization::Standing,
    fault::Part, sight::stranger,
};

/// The types of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Http01,
    TlsAlpn01,
    Dns01,
}

/// Timeout of a validation request.
const PATIENCE: Duration = Duration::from_secs(5);

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
pub(super) async fn validate(shared: Shared, authorization: usize, visit: Visit) {
    let fault = {
        let mut state = shared.lock().unwrap();
        state.faults.strike(Part::Validation, Endpoint::Challenge)
    };
    let error = error(&visit, fault).await;
    let mut state = shared.lock().unwrap();
    state.record.validated.push(Validated {
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
async fn error(visit: &Visit, fault: Option<Fault>) -> Option<Value> {
    let sight = match fault {
        Some(Fault::Unproven(sight)) => sight,
        Some(Fault::Late(wait)) => {
            sleep(wait).await;
            return seen(visit).await;
        }
        _ => return seen(visit).await,
    };
    if sight == Sight::SecondaryTimeOut
        && let Some(error) = seen(visit).await
    {
        return Some(error);
    }
    Some(sight.problem(visit.kind, &visit.name, &visit.token))
}

async fn seen(visit: &Visit) -> Option<Value> {
    let Visit {
        kind, name, token, ..
    } = visit;
    match timeout(PATIENCE, visit.proof()).await {
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some(problem(403, "unauthorized", &stranger(*kind, name, token))),
        Ok(Err(error)) => Some(unreached(visit, &error)),
        Err(_) => Some(Sight::TimeOut.problem(*kind, name, token)),
    }
}

fn unreached(visit: &Visit, error: &io::Error) -> Value {
    let Visit {
        kind, name, token, ..
    } = visit;
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return Sight::Refused.problem(*kind, name, token);
    }
    problem(400, "connection", &format!("127.0.0.1: {error}"))
}
