//! What `hubgate status` tells.

use serde_json::Value;

use crate::{
    harness::{Setup, hubgate},
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
