//! Authorizations and their challenges (RFC 8555, sections 7.1.4 and 7.5).

use serde_json::{Value, json};

use super::{
    Shared, State,
    jws::{self, Jwk},
    renewal::rfc3339,
    response::{Reply, Response},
    validation::{self, Kind, ValidationAttempt},
};

/// The right to a name, proven or not.
pub(super) struct Authorization {
    account: String,
    /// The name without the star of a wildcard.
    name: String,
    wildcard: bool,
    token: String,
    expires: String,
    pub(super) standing: Standing,
}

/// State of an authorization.
pub(super) enum Standing {
    Pending,
    /// The challenge is being validated.
    Processing(Kind),
    Valid(Kind),
    /// The challenge failed with this problem.
    Invalid(Kind, Value),
    Deactivated,
}

impl Standing {
    /// Returns true in a final state.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Invalid(..) | Self::Deactivated)
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Pending | Self::Processing(_) => "pending",
            Self::Valid(_) => "valid",
            Self::Invalid(..) => "invalid",
            Self::Deactivated => "deactivated",
        }
    }
}

impl Authorization {
    pub(super) fn new(account: &str, name: &str) -> Self {
        let expires = time::OffsetDateTime::now_utc() + time::Duration::HOUR;
        Self {
            account: account.to_owned(),
            name: name.trim_start_matches("*.").to_owned(),
            wildcard: name.starts_with("*."),
            token: jws::random(24),
            expires: rfc3339(expires),
            standing: Standing::Pending,
        }
    }

    fn kinds(&self) -> &'static [Kind] {
        match self.wildcard {
            true => &[Kind::Dns01],
            false => &[Kind::Http01, Kind::TlsAlpn01, Kind::Dns01],
        }
    }

    fn challenge(&self, base: &str, number: usize, kind: Kind) -> Value {
        let mut challenge = json!({
            "type": kind.name(),
            "url": format!("{base}/challenge/{number}/{}", kind.name()),
            "token": self.token,
            "status": "pending",
        });
        match &self.standing {
            Standing::Processing(tried) if *tried == kind => {
                challenge["status"] = json!("processing");
            }
            Standing::Valid(tried) if *tried == kind => challenge["status"] = json!("valid"),
            Standing::Invalid(tried, error) if *tried == kind => {
                challenge["status"] = json!("invalid");
                challenge["error"] = error.clone();
            }
            _ => {}
        }
        challenge
    }

    fn document(&self, base: &str, number: usize) -> Value {
        let kinds = self.kinds().iter();
        let challenges = kinds.map(|kind| self.challenge(base, number, *kind));
        let mut document = json!({
            "status": self.standing.word(),
            "expires": self.expires,
            "identifier": {"type": "dns", "value": self.name},
            "challenges": challenges.collect::<Vec<_>>(),
        });
        if self.wildcard {
            document["wildcard"] = json!(true);
        }
        document
    }
}

/// Returns or deactivates an authorization of the account.
pub(super) fn answer(state: &mut State, account: &str, rest: &str, payload: &Value) -> Reply {
    let number = find(state, account, rest)?;
    let authorization = &mut state.authorizations[number];
    if payload["status"] == "deactivated" {
        authorization.standing = Standing::Deactivated;
    }
    Ok(Response::json(
        200,
        &authorization.document(&state.base, number),
    ))
}

/// Starts validation when the client announces the proof.
pub(super) fn challenge(
    shared: &Shared,
    state: &mut State,
    rest: &str,
    (account, payload): (&str, &Value),
    key: &Jwk,
) -> Reply {
    let (number, kind) = rest.split_once('/').unwrap_or_default();
    let number = find(state, account, number)?;
    let authorization = &mut state.authorizations[number];
    let mut kinds = authorization.kinds().iter();
    let Some(kind) = kinds.find(|known| known.name() == kind).copied() else {
        return Err(none());
    };
    if payload.is_object() {
        // As Pebble has it: a challenge is taken once.
        if !matches!(authorization.standing, Standing::Pending) {
            return Err(not_pending(&authorization.standing));
        }
        authorization.standing = Standing::Processing(kind);
        let visit = ValidationAttempt {
            kind,
            name: authorization.name.clone(),
            token: authorization.token.clone(),
            thumbprint: key.thumbprint(),
            options: state.options.clone(),
        };
        tokio::spawn(validation::validate(shared.clone(), number, visit));
    }
    let challenge = authorization.challenge(&state.base, number, kind);
    let up = format!("<{}/authorization/{number}>;rel=\"up\"", state.base);
    Ok(Response::json(200, &challenge).with("link", up))
}

fn find(state: &State, account: &str, number: &str) -> Result<usize, Response> {
    let number = number.parse().unwrap_or(usize::MAX);
    let authorization = state.authorizations.get(number);
    let own = authorization.filter(|authorization| authorization.account == account);
    own.map(|_| number).ok_or_else(none)
}

fn not_pending(standing: &Standing) -> Response {
    let detail = format!(
        "Cannot update challenge with status {}, only status pending",
        standing.word()
    );
    Response::malformed(&detail)
}

fn none() -> Response {
    Response::problem(404, "malformed", "No such authorization")
}
