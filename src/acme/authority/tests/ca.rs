//! A CA that believes everything, unless it is told what to answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use super::*;
use crate::{
    acme::testing::Server,
    tls::testing::{TestCa, leaf_params, new_key},
};

/// `HERE` stands for the CA's own address.
pub(super) const DIRECTORY: &str = r#"{"newNonce":"HERE/nonce","newAccount":"HERE/account",
    "newOrder":"HERE/order","revokeCert":"HERE/revoke","renewalInfo":"HERE/ari/","meta":{"profiles":{}}}"#;

pub(super) struct Ca(Server);

impl Ca {
    /// `script` sees the path and how often it was asked before; none for the usual answer.
    pub(super) async fn start(
        script: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let asked = Mutex::<HashMap<String, usize>>::default();
        let here = Arc::<OnceLock<String>>::default();
        let address = Arc::clone(&here);
        let server = Server::start(move |_, request| {
            let path = request.split(' ').nth(1).unwrap();
            let times = {
                let mut asked = asked.lock().unwrap();
                let times = asked.entry(path.to_owned()).or_default();
                *times += 1;
                *times - 1
            };
            let reply = script(path, times).unwrap_or_else(|| usual(path));
            Reply::Close(reply.replace("HERE", address.get().unwrap()))
        })
        .await;
        here.set(server.url("")).unwrap();
        Self(server)
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.0.url(path)
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        let requests = self.0.requests();
        let paths = requests
            .iter()
            .filter_map(|request| request.split(' ').nth(1));
        paths.filter(|&asked| asked == path).count()
    }

    pub(super) async fn connect(&self) -> CertificateAuthority {
        self.try_connect(None).await.unwrap().0
    }

    pub(super) async fn try_connect(
        &self,
        credentials: Option<&[u8]>,
    ) -> Result<(CertificateAuthority, Option<Vec<u8>>), Problem> {
        let settings = Settings {
            directory: self.url("/dir"),
            email: Some("me@home.example".into()),
            external_account: None,
        };
        let client = HttpsClient::load(None).unwrap();
        CertificateAuthority::connect(&client, &settings, credentials).await
    }
}

fn usual(path: &str) -> String {
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

/// An answer with the nonce every answer has to have; it ends with the connection, because the
/// length of `HERE` is not known yet.
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

/// A certificate with what renewal information names it by.
pub(super) fn leaf() -> Vec<u8> {
    let mut params = leaf_params("home.example");
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&new_key(), &TestCa::new("ca").issuer);
    leaf.unwrap().der().to_vec()
}
