//! Phones are enrolled in a browser, and use Node-RED away from home until they are revoked.

use serde_json::json;

use super::{can_choose_certificates, has_browser, key_hash, run_script, url};
use crate::{
    harness::{PROGRAM, Setup},
    real_hub::node_red::node_red,
};

/// Access of the site at home. A browser on one machine is in one network only, so each network
/// has its own site: `home.test` requests no certificate, `away.test` does.
const HOME: &str = "access: {networks: [127.0.0.1], client_certificate: own}";
const AWAY: &str = "{hosts: [away.test], certificate: {chain: away.pem, key: away.key}, \
                    access: {client_certificate: own}, upstream: URL}";

#[tokio::test]
async fn phones_are_enrolled_by_their_link_and_enter_until_they_are_revoked() {
    if !has_browser() || !can_choose_certificates() {
        return;
    }
    let Some(hub) = node_red().await else { return };
    let gate = Setup::home(&hub.url())
        .site(HOME)
        .with_certificate("away", &["away.test"])
        .other_site(&AWAY.replace("URL", &hub.url()))
        .start()
        .await;
    gate.answers_commands().await;
    let trusted = ["home", "away"].map(|name| key_hash(&gate, name)).join(",");
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP *.test 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={trusted}"),
        ],
        "hubgate": PROGRAM,
        "folder": gate.folder(),
        "home": url(&gate, "home.test"),
        "away": url(&gate, "away.test"),
    });
    eprint!("{}", run_script("enrol.mjs", &argument).await);
}
