//! Local responses in a browser: no text is cut, hidden or hard to read.

use std::env;

use serde_json::{Value, json};

use super::{has_browser, key_hash, run_script, url};
use crate::{
    harness::{HTPASSWD, Setup},
    hub::Hub,
};

const HOME: &str = r#"access: {networks: [127.0.0.1], client_certificate: own}
    paths:
      - {path: /away/, upstream: "http://127.0.0.1:1"}
      - {path: /outside/, access: {networks: [192.0.2.1]}}"#;
const AWAY: &str = "access: {password: users}
    paths:
      - {path: /device/, access: {client_certificate: own}}";

#[tokio::test]
async fn pages_are_legible_at_each_width_in_light_and_dark_and_in_two_languages() {
    are_legible(HOME, |home| {
        vec![
            page(home, "starting", "/away/", 503),
            page(home, "broken", "/wrong/garbage", 502),
            page(home, "outside", "/outside/", 403),
            page(home, "path", "/%00", 400),
            enrolment(home, "link", "/.hubgate/enrol/AAAAAAAAAAAAAAAAAAAAAA"),
        ]
    })
    .await;
}

#[tokio::test]
async fn pages_that_refuse_a_person_are_legible_at_each_width_in_light_and_dark() {
    are_legible(AWAY, |home| {
        // An address has five wrong passwords free: four are needed for one language.
        let mut password = page(home, "password", "/", 401);
        password["only"] = json!("de-DE");
        vec![password, page(home, "device", "/device/", 496)]
    })
    .await;
}

fn page(home: &str, name: &str, target: &str, status: u16) -> Value {
    let url = format!("{home}{target}");
    json!({"name": name, "url": url, "status": status, "site": "home.test", "retry": true})
}

fn enrolment(home: &str, name: &str, target: &str) -> Value {
    let url = format!("{home}{target}");
    json!({"name": name, "url": url, "status": 404, "retry": false})
}

/// Visits pages of a site with these keys.
async fn are_legible(site: &str, pages: impl FnOnce(&str) -> Vec<Value>) {
    if !has_browser() {
        return;
    }
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).file("users", HTPASSWD);
    let gate = setup.site(site).start().await;
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP *.test 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={}", key_hash(&gate, "home")),
        ],
        "pages": pages(&url(&gate, "home.test")),
        "shots": env::var("HUBGATE_SCREENSHOTS").ok(),
    });
    eprint!("{}", run_script("pages.mjs", &argument).await);
}
