//! A CA that accepts every request, unless its script answers differently.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use crate::{
    acme::{
        ca::{PlacedOrder, tests::*},
        testing::Server,
    },
    tls::testing::{TestCa, leaf_params, new_key},
};

/// The CA replaces `HERE` with its own address.
pub(super) const DIRECTORY: &str = r#"{"newNonce":"HERE/nonce","newAccount":"HERE/account",
    "newOrder":"HERE/order","revokeCert":"HERE/revoke","renewalInfo":"HERE/ari/","meta":{"profiles":{}}}"#;

pub(super) struct Ca(Server);

impl Ca {
    /// Starts a CA; `script` gets a path and the number of earlier requests to it, and returns a
    /// response, or none for the default one.
    pub(super) async fn start(
        script: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let counts = Mutex::<HashMap<String, usize>>::default();
        let here = Arc::<OnceLock<String>>::default();
        let address = Arc::clone(&here);
        let server = Server::start(move |_, request| {
            let path = request.split(' ').nth(1).unwrap();
            let times = {
                let mut counts = counts.lock().unwrap();
                let times = counts.entry(path.to_owned()).or_default();
                *times += 1;
                *times - 1
            };
            let reply = script(path, times).unwrap_or_else(|| default_response(path));
            Reply::Close(reply.replace("HERE", address.get().unwrap()))
        })
        .await;
        here.set(server.url("")).unwrap();
        Self(server)
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// Returns the number of requests to a path.
    pub(super) fn requests_to(&self, path: &str) -> usize {
        let requests = self.0.requests();
        let paths = requests
            .iter()
            .filter_map(|request| request.split(' ').nth(1));
        paths.filter(|&requested| requested == path).count()
    }

    pub(super) async fn connect(&self) -> CaClient {
        self.try_connect(None).await.unwrap().0
    }

    /// Resumes the order at `/order/1` with a new connection.
    pub(super) async fn resume_order(&self) -> PlacedOrder {
        let client = self.connect().await;
        client.resume(&self.url("/order/1")).await.unwrap()
    }

    pub(super) async fn try_connect(
        &self,
        credentials: Option<&[u8]>,
    ) -> Result<(CaClient, Option<Vec<u8>>), Problem> {
        let settings = AccountSettings {
            directory: self.url("/dir"),
            email: Some("me@home.example".into()),
            external_account: None,
        };
        let client = HttpsClient::load(None).unwrap();
        CaClient::connect(&client, &settings, credentials).await
    }
}

fn default_response(path: &str) -> String {
    match path {
        "/dir" => json("200 OK", DIRECTORY),
        "/nonce" => json("200 OK", ""),
        "/account" => json("201 Created\r\nLocation: HERE/account/1", "{}"),
        "/order" => json("201 Created\r\nLocation: HERE/order/1", &order("pending")),
        "/order/1" => json("200 OK", &order("pending")),
        "/authorization" => json("200 OK", &authorization("pending")),
        "/challenge" => json("200 OK", &challenge("processing", "")),
        "/certificate" => json("200 OK", "chain"),
        _ => answer("404 Not Found", ""),
    }
}

/// Makes a response with a nonce. It ends with the connection, because the length of the address
/// that replaces `HERE` is not known yet.
pub(super) fn json(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nReplay-Nonce: nonce\r\n\r\n{body}")
}

pub(super) fn document(kind: &str, detail: &str) -> String {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    serde_json::json!({"type": kind, "detail": detail}).to_string()
}

pub(super) fn order(status: &str) -> String {
    format!(
        r#"{{"status":"{status}","authorizations":["HERE/authorization"],
            "finalize":"HERE/finalize","certificate":"HERE/certificate"}}"#
    )
}

pub(super) fn authorization(status: &str) -> String {
    let error = document("connection", "192.0.2.1: Timeout during connect");
    let error = match status {
        "invalid" => format!(r#","error":{error}"#),
        _ => String::new(),
    };
    format!(
        r#"{{"status":"{status}","identifier":{{"type":"dns","value":"home.example"}},
            "challenges":[{}]}}"#,
        challenge(status, &error)
    )
}

fn challenge(status: &str, error: &str) -> String {
    format!(
        r#"{{"type":"http-01","url":"HERE/challenge","token":"token","status":"{status}"{error}}}"#
    )
}

/// Issues a certificate with an authority key identifier, which renewal information needs.
pub(super) fn leaf() -> Vec<u8> {
    let mut params = leaf_params("home.example");
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&new_key(), &TestCa::new("ca").issuer);
    leaf.unwrap().der().to_vec()
}
