//! Foreign pages in a browser that hubgate admits by its network.

use serde_json::json;

use super::{has_browser, key_hash, run_script, url};
use crate::{
    harness::Setup,
    hub::{Hub, Request},
};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n\
                    <!doctype html>";

#[tokio::test]
async fn another_sites_page_commands_nothing_and_a_listed_one_reads_and_writes() {
    if !has_browser() {
        return;
    }
    let (hub, web) = (Hub::start().await, Hub::start().await);
    web.set_response("/", PAGE, true);
    let port = web.address().port();
    let panel = format!("http://localhost:{port}");
    let gate = Setup::home(&hub.url())
        .site(&format!(
            "access: {{networks: [127.0.0.1], origins: [\"{panel}\"]}}"
        ))
        .start()
        .await;
    let argument = json!({
        "flags": [
            "--host-resolver-rules=MAP localhost 127.0.0.1, MAP home.test 127.0.0.1",
            format!("--ignore-certificate-errors-spki-list={}", key_hash(&gate, "home")),
        ],
        "home": url(&gate, "home.test"),
        "panel": panel,
        "stranger": format!("http://127.0.0.1:{port}"),
    });
    run_script("origins.mjs", &argument).await;
    let received = hub.requests();
    let targets: Vec<_> = received.iter().map(Request::target).collect();
    let commands = targets.iter().filter(|target| target.contains("CMD"));
    assert_eq!(commands.count(), 1, "{targets:?}");
    assert!(targets.contains(&"/basicui/CMD?own"), "{targets:?}");
    assert!(targets.contains(&"/written"), "{targets:?}");
    let refused = targets.iter().find(|target| target.contains("stranger"));
    assert_eq!(refused, None);
}
