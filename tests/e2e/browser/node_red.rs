//! Node-RED's editor in a browser, at home and away.

use std::{fs, path::PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

use super::{has_browser, visit};
use crate::{
    harness::{Authority, HTPASSWD, Hubgate, Setup},
    real_hub::node_red::node_red,
};

#[tokio::test]
async fn the_editor_works_at_home_by_password_and_by_certificate() {
    if !has_browser() {
        return;
    }
    let Some(hub) = node_red().await else { return };
    let family = Authority::new("family");
    let home = gate(&hub.url(), &family, "lan").await;
    let away = gate(&hub.url(), &family, "192.0.2.0/24").await;
    let anna = family.client("anna");
    let trusted = [&home, &away].map(key_hash).join(",");
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP localhost 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={trusted}"),
        ],
        "home": url(&home),
        "away": url(&away),
        "login": {"username": "anna", "password": "secret"},
        "certificate": {"cert": anna.chain_pem, "key": anna.key_pem},
    });
    // A page with a certificate goes through Playwright, which trusts what Node does.
    visit("node_red.mjs", &argument, Some(&root(&away))).await;
}

/// `localhost`, for this network, the password, or a certificate of the family.
async fn gate(hub: &str, family: &Authority, network: &str) -> Hubgate {
    let access =
        format!("{{networks: [{network}], password: htpasswd, client_certificate: ca.pem}}");
    Setup::home(hub)
        .hosts("[localhost]")
        .file("htpasswd", HTPASSWD)
        .file("ca.pem", &family.pem())
        .site(&format!("access: {access}"))
        .start()
        .await
}

fn url(gate: &Hubgate) -> String {
    format!("https://localhost:{}", gate.https().port())
}

fn root(gate: &Hubgate) -> PathBuf {
    gate.write("root.pem", &gate.root_pem());
    gate.folder().join("root.pem")
}

/// The hash by which Chromium is told to trust the certificate's key.
fn key_hash(gate: &Hubgate) -> String {
    let pem = fs::read(gate.folder().join("home.pem")).unwrap();
    let (_, pem) = parse_x509_pem(&pem).unwrap();
    let (_, certificate) = parse_x509_certificate(&pem.contents).unwrap();
    BASE64_STANDARD.encode(digest(&SHA256, certificate.public_key().raw))
}
