//! Node-RED's editor in a browser, at home and away.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::{can_choose_certificates, has_browser, key_hash, run_script, url};
use crate::{
    harness::{Authority, HTPASSWD, Hubgate, Setup, foreign},
    real_hub::node_red::node_red,
};

/// Of the PKCS#12 file.
const PASSWORD: &str = "import";

#[tokio::test]
async fn the_editor_works_at_home_by_password_and_by_certificate() {
    if !has_browser() || !can_choose_certificates() {
        return;
    }
    let Some(hub) = node_red().await else { return };
    let family = Authority::new("family");
    let home = gate(&hub.url(), &family, "lan").await;
    let away = gate(&hub.url(), &family, "192.0.2.0/24").await;
    let trusted = [&home, &away].map(|gate| key_hash(gate, "home")).join(",");
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP localhost 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={trusted}"),
        ],
        "home": url(&home, "localhost"),
        "away": url(&away, "localhost"),
        "login": {"username": "anna", "password": "secret"},
        "certificate": {"file": pkcs12(&away, &family), "password": PASSWORD},
    });
    run_script("node_red.mjs", &argument).await;
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

/// A device's certificate as a browser imports it.
fn pkcs12(gate: &Hubgate, family: &Authority) -> PathBuf {
    let anna = family.client("anna");
    let [pem, file] = ["anna.pem", "anna.p12"].map(|name| gate.folder().join(name));
    fs::write(&pem, anna.chain_pem + &anna.key_pem).unwrap();
    let password = format!("pass:{PASSWORD}");
    let export = ["pkcs12", "-export", "-passout", &password, "-in"];
    let paths = [pem.to_str().unwrap(), "-out", file.to_str().unwrap()];
    foreign("openssl", &[&export[..], &paths].concat()).succeeded();
    file
}
