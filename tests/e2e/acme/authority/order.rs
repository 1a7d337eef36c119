//! Orders from their begin to their end (RFC 8555, sections 7.1.3 and 7.4).

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Endpoint, Fault, RecordedOrder, Refusal, State,
    authorization::{Authorization, Standing},
    fault::Part,
    issue,
    renewal::{self, rfc3339},
    response::{Reply, Response, problem},
};

/// An order of an account.
pub(super) struct Order {
    account: String,
    wanted: Wanted,
    authorizations: Vec<usize>,
    expires: String,
    /// The number of the certificate, once there is one.
    certificate: Option<usize>,
}

/// The requested order.
#[derive(Deserialize)]
pub(super) struct Wanted {
    identifiers: Vec<Identifier>,
    replaces: Option<String>,
    profile: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    r#type: String,
    value: String,
}

impl Wanted {
    fn names(&self) -> Vec<String> {
        let names = self.identifiers.iter();
        names.map(|name| name.value.to_lowercase()).collect()
    }
}

/// Takes a new order.
pub(super) fn place(state: &mut State, account: &str, payload: &Value) -> Reply {
    let wanted: Wanted = serde_json::from_value(payload.clone())
        .map_err(|_| Response::malformed("Error unmarshaling NewOrder"))?;
    judge(state, &wanted)?;
    if let Some(certificate) = &wanted.replaces {
        renewal::replace(state, certificate)?;
    }
    state.record.ordered.push(RecordedOrder {
        names: wanted.names(),
        replaces: wanted.replaces.clone(),
        profile: wanted.profile.clone(),
        at: Instant::now(),
    });
    let first = state.authorizations.len();
    let names = wanted.names().into_iter();
    let new = names.map(|name| Authorization::new(account, &name));
    state.authorizations.extend(new);
    state.orders.push(Order {
        account: account.to_owned(),
        wanted,
        authorizations: (first..state.authorizations.len()).collect(),
        expires: rfc3339(time::OffsetDateTime::now_utc() + time::Duration::HOUR),
        certificate: None,
    });
    let mut answer = order_response(state, state.orders.len() - 1);
    answer.status = 201;
    Ok(answer)
}

fn judge(state: &State, wanted: &Wanted) -> Result<(), Response> {
    if wanted.identifiers.is_empty() {
        return Err(Response::malformed(
            "NewOrder request did not specify any identifiers",
        ));
    }
    if wanted.identifiers.iter().any(|name| name.r#type != "dns") {
        let detail = "NewOrder request included unsupported identifier";
        return Err(Response::problem(400, "unsupportedIdentifier", detail));
    }
    let mut profiles = state.options.profiles.iter().map(|(name, _)| *name);
    let known = |profile: &String| profiles.any(|name| name == profile);
    if !wanted.profile.as_ref().is_none_or(known) {
        return Err(Refusal::InvalidProfile.answer());
    }
    Ok(())
}

/// Returns an order of the account.
pub(super) fn answer(state: &mut State, account: &str, number: &str) -> Reply {
    let number = find(state, account, number)?;
    Ok(order_response(state, number))
}

/// Issues what the order is for, if the request fits it.
pub(super) fn finalize(state: &mut State, account: &str, number: &str, payload: &Value) -> Reply {
    let number = find(state, account, number)?;
    if standing(state, number) != "ready" {
        let detail = "Order's status is not acceptable for finalization";
        return Err(Response::problem(403, "orderNotReady", detail));
    }
    let order = &state.orders[number];
    let (names, profile) = (order.wanted.names(), order.wanted.profile.clone());
    let certificate = issue::issue(state, account, payload, &names, profile.as_deref())?;
    state.orders[number].certificate = Some(certificate);
    Ok(order_response(state, number))
}

fn find(state: &State, account: &str, number: &str) -> Result<usize, Response> {
    let number = number.parse().unwrap_or(usize::MAX);
    let order = state.orders.get(number);
    let own = order.filter(|order| order.account == account);
    own.map(|_| number)
        .ok_or_else(|| Response::problem(404, "malformed", "No order for ID"))
}

fn order_response(state: &mut State, number: usize) -> Response {
    let mut status = standing(state, number);
    let stuck = status == "valid" && stuck(state, number);
    if stuck {
        status = "processing";
    }
    let answer = Response::json(200, &document(state, number, status))
        .with("location", format!("{}/order/{number}", state.base));
    match stuck {
        true => answer.with("retry-after", "1"),
        false => answer,
    }
}

fn stuck(state: &mut State, number: usize) -> bool {
    let path = format!("/order/{number}");
    let struck = state.faults.strike_on(Part::Order, Endpoint::Order, &path);
    struck == Some(Fault::Stuck)
}

fn standing(state: &State, number: usize) -> &'static str {
    let order = &state.orders[number];
    let numbers = order.authorizations.iter();
    let mut standings = numbers.map(|number| &state.authorizations[*number].standing);
    if order.certificate.is_some() {
        return "valid";
    }
    if standings.clone().any(Standing::is_final) {
        return "invalid";
    }
    match standings.all(|standing| matches!(standing, Standing::Valid(_))) {
        true => "ready",
        false => "pending",
    }
}

fn document(state: &State, number: usize, status: &str) -> Value {
    let order = &state.orders[number];
    let base = &state.base;
    let names = order.wanted.names().into_iter();
    let numbers = order.authorizations.iter();
    let mut document = json!({
        "status": status,
        "expires": order.expires,
        "identifiers": names.map(|name| json!({"type": "dns", "value": name})).collect::<Vec<_>>(),
        "authorizations": numbers
            .map(|number| format!("{base}/authorization/{number}"))
            .collect::<Vec<_>>(),
        "finalize": format!("{base}/finalize/{number}"),
    });
    let optional = [
        ("replaces", &order.wanted.replaces),
        ("profile", &order.wanted.profile),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            document[name] = json!(value);
        }
    }
    if let Some(certificate) = order.certificate.filter(|_| status == "valid") {
        document["certificate"] = json!(format!("{base}/certificate/{certificate}"));
    }
    if status == "invalid" {
        document["error"] = problem(403, "unauthorized", "Some challenges failed");
    }
    document
}
