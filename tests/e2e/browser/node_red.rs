//! Node-RED's editor in a browser, at home and away.

use std::path::PathBuf;

use serde_json::json;

use super::{has_browser, key_hash, url, visit};
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
    let trusted = [&home, &away].map(|gate| key_hash(gate, "home")).join(",");
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP localhost 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={trusted}"),
        ],
        "home": url(&home, "localhost"),
        "away": url(&away, "localhost"),
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

fn root(gate: &Hubgate) -> PathBuf {
    gate.write("root.pem", &gate.root_pem());
    gate.folder().join("root.pem")
}
