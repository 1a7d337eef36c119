//! The directory: maps URLs to endpoints and their functions (RFC 8555, section 7.1).

use serde_json::{Map, Value, json};

use super::{
    Shared, State, account, authorization, issue,
    jws::{self, Signed},
    order, renewal,
    response::{Reply, Response},
};

/// A resource of the CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The directory itself.
    Directory,
    /// A nonce.
    NewNonce,
    /// A new account, or the account of a key.
    NewAccount,
    /// An account.
    Account,
    /// A new order.
    NewOrder,
    /// An order.
    Order,
    /// An authorization.
    Authorization,
    /// A challenge.
    Challenge,
    /// The end of an order.
    Finalize,
    /// A certificate with its chain.
    Certificate,
    /// A revocation.
    RevokeCert,
    /// Renewal information (RFC 9773).
    RenewalInfo,
    /// The revocation list.
    RevocationList,
    /// Nothing.
    Elsewhere,
}

/// A path of the CA, taken apart.
pub(super) struct Place {
    pub(super) endpoint: Endpoint,
    /// The URL's path after the endpoint.
    pub(super) rest: String,
}

impl Place {
    pub(super) fn parse(path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or_default();
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let known = PATHS.iter().find(|(word, _)| *word == first);
        Self {
            endpoint: known.map_or(Endpoint::Elsewhere, |(_, endpoint)| *endpoint),
            rest: rest.to_owned(),
        }
    }
}

/// Responds to unsigned requests, and passes on the rest.
pub(super) fn answer(shared: &Shared, place: &Place, path: &str, body: &[u8]) -> Reply {
    let mut state = shared.lock().unwrap();
    match place.endpoint {
        Endpoint::Directory => Ok(Response::json(200, &directory(&state))),
        Endpoint::NewNonce => Ok(Response::new(200, "text/plain", "")),
        Endpoint::RenewalInfo => renewal::answer(&mut state, &place.rest),
        Endpoint::RevocationList => {
            let list = state.issuer.revocation_list();
            Ok(Response::new(200, "application/pkix-crl", list))
        }
        Endpoint::Elsewhere => Err(Response::problem(404, "malformed", "Page not found")),
        _ => {
            let signed = jws::open(&mut state, path, body)?;
            answer_signed(shared, &mut state, place, &signed)
        }
    }
}

fn answer_signed(shared: &Shared, state: &mut State, place: &Place, signed: &Signed) -> Reply {
    if place.endpoint == Endpoint::NewAccount {
        return account::register(state, signed);
    }
    let Some(account) = &signed.account else {
        return Err(Response::malformed("No Key ID in JWS header"));
    };
    let (rest, payload) = (&place.rest, &signed.payload);
    match place.endpoint {
        Endpoint::Account => Ok(account::answer(state, account)),
        Endpoint::NewOrder => order::place(state, account, payload),
        Endpoint::Order => order::answer(state, account, rest),
        Endpoint::Finalize => order::finalize(state, account, rest, payload),
        Endpoint::Authorization => authorization::answer(state, account, rest, payload),
        Endpoint::Challenge => {
            authorization::challenge(shared, state, rest, (account, payload), &signed.key)
        }
        Endpoint::Certificate => issue::download(state, account, rest),
        _ => issue::revoke(state, account, payload),
    }
}

fn directory(state: &State) -> Value {
    let url = |path: &str| format!("{}/{path}", state.base);
    let profiles = state.options.profiles.iter();
    let profiles: Map<_, _> = profiles
        .map(|(name, life)| ((*name).to_owned(), json!(format!("for {life:?}"))))
        .collect();
    let mut meta = json!({
        "termsOfService": url("terms"),
        "externalAccountRequired": state.options.external_account.is_some(),
    });
    if !profiles.is_empty() {
        meta["profiles"] = profiles.into();
    }
    json!({
        "newNonce": url("new-nonce"),
        "newAccount": url("new-account"),
        "newOrder": url("new-order"),
        "revokeCert": url("revoke-cert"),
        "renewalInfo": url("renewal-info"),
        "meta": meta,
    })
}

const PATHS: [(&str, Endpoint); 13] = [
    ("dir", Endpoint::Directory),
    ("new-nonce", Endpoint::NewNonce),
    ("new-account", Endpoint::NewAccount),
    ("account", Endpoint::Account),
    ("new-order", Endpoint::NewOrder),
    ("order", Endpoint::Order),
    ("authorization", Endpoint::Authorization),
    ("challenge", Endpoint::Challenge),
    ("finalize", Endpoint::Finalize),
    ("certificate", Endpoint::Certificate),
    ("revoke-cert", Endpoint::RevokeCert),
    ("renewal-info", Endpoint::RenewalInfo),
    ("crl", Endpoint::RevocationList),
];
