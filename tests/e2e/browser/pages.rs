//! Local responses as people see them: nothing is cut, unseen or hard to read.

use std::env;

use serde_json::{Value, json};

use super::{has_browser, key_hash, url, visit};
use crate::{harness::Setup, hub::Hub};

const PATHS: &str = r#"paths:
      - {path: /away/, upstream: "http://127.0.0.1:1"}
      - {path: /outside/, access: {networks: [192.0.2.1]}}"#;

#[tokio::test]
async fn pages_are_legible_at_each_width_in_light_and_dark_and_in_two_languages() {
    if !has_browser() {
        return;
    }
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [127.0.0.1], client_certificate: own}")
        .site(PATHS)
        .start()
        .await;
    let home = url(&gate, "home.test");
    let page = |name: &str, target: &str, status: u16| {
        let url = format!("{home}{target}");
        json!({"name": name, "url": url, "status": status, "site": "home.test", "retry": true})
    };
    let enrolment = |name: &str, target: &str| {
        let url = format!("{home}{target}");
        json!({"name": name, "url": url, "status": 404, "retry": false})
    };
    let pages: Vec<Value> = vec![
        page("starting", "/away/", 503),
        page("broken", "/wrong/garbage", 502),
        page("outside", "/outside/", 403),
        page("path", "/%00", 400),
        enrolment("link", "/.hubgate/enrol/AAAAAAAAAAAAAAAAAAAAAA"),
    ];
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP *.test 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={}", key_hash(&gate, "home")),
        ],
        "pages": pages,
        "shots": env::var("HUBGATE_SCREENSHOTS").ok(),
    });
    eprint!("{}", visit("pages.mjs", &argument).await);
}
