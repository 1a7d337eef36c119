//! What `hubgate status` tells.

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::{
    harness::{Authority, Setup, hubgate},
    hub::Hub,
};

#[tokio::test]
async fn the_status_command_tells_what_runs() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let _open = gate.tls().websocket("/ws", &[]).await.ok().unwrap();
    gate.tls().http2().await.get("/").await;
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["sites"][0]["hosts"][0], "home.test");
    assert_eq!(status["counters"]["websockets_open"], 1);
    assert_eq!(status["counters"]["requests"]["successful"], 1);
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
}

#[tokio::test]
async fn answers_are_counted_by_their_kind() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    assert_eq!(gate.clear().http1().await.get("/").await.status, 301);
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/%00").await.status, 400);
    hub.stop().await;
    assert_eq!(gate.tls().http1().await.get("/").await.status, 503);
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    let requests = &status["counters"]["requests"];
    for kind in ["redirection", "client_error", "server_error"] {
        assert_eq!(requests[kind], 1, "{requests}");
    }
    let listen = status["listen"].as_array().unwrap();
    assert_eq!(listen.len(), 2);
}

#[tokio::test]
async fn the_days_left_of_a_revocation_list_are_told() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let until = |days| family.revoking_until(OffsetDateTime::now_utc() + days, &[]);
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &until(Duration::days(12) + Duration::HOUR))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    gate.answers_commands().await;
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("for another 12 days"), "{}", ran.stdout);

    gate.write("ca.crl", &until(Duration::HOUR - Duration::days(2)));
    gate.line_with("ca.crl: the revocation list ended").await;
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["sites"][0]["revocation_lists"][0]["days_left"], -2);
}

#[test]
fn without_a_process_it_says_so() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let folder = setup.write();
    for command in ["status", "reload"] {
        let ran = hubgate(&folder, &[command]);
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains("no running hubgate"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}
