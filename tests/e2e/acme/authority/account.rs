//! Accounts, each named by the thumbprint of its key (RFC 8555, section 7.3).

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    Refusal, State,
    jws::{self, Jwk, Signed},
    response::{Reply, Response},
};

/// The keys of the accounts.
#[derive(Default)]
pub(super) struct Accounts {
    keys: HashMap<String, Jwk>,
}

impl Accounts {
    /// The key of the account of this name.
    pub(super) fn key(&self, name: &str) -> Option<&Jwk> {
        self.keys.get(name)
    }

    /// Gives all accounts another key, as a client elsewhere may (RFC 8555, section 7.3.5).
    pub(super) fn roll_over(&mut self, key: &Jwk) {
        self.keys.values_mut().for_each(|old| *old = key.clone());
    }
}

/// Creates an account for the key, or returns the existing one.
pub(super) fn register(state: &mut State, signed: &Signed) -> Reply {
    let name = signed.key.thumbprint();
    if state.accounts.key(&name) == Some(&signed.key) {
        return Ok(answer(state, &name));
    }
    if signed.payload["onlyReturnExisting"] == true {
        return Err(Refusal::AccountDoesNotExist.answer());
    }
    if signed.payload["termsOfServiceAgreed"] != true {
        return Err(Response::malformed("must agree to terms of service"));
    }
    bind(state, signed)?;
    state.accounts.keys.insert(name.clone(), signed.key.clone());
    let mut answer = answer(state, &name);
    answer.status = 201;
    Ok(answer)
}

/// Checks the external account, where one is required.
fn bind(state: &State, signed: &Signed) -> Result<(), Response> {
    let Some((kid, secret)) = &state.options.external_account else {
        return Ok(());
    };
    let binding = &signed.payload["externalAccountBinding"];
    if *binding == Value::Null {
        return Err(Refusal::ExternalAccountRequired.answer());
    }
    if !jws::binds(binding, &signed.key, (kid, secret)) {
        let detail = "external account binding JWS verification error";
        return Err(Response::problem(403, "unauthorized", detail));
    }
    Ok(())
}

/// Returns the account object.
pub(super) fn answer(state: &State, name: &str) -> Response {
    Response::json(200, &json!({"status": "valid"}))
        .with("location", format!("{}/account/{name}", state.base))
}
