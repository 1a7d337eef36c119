//! Node-RED from npm: a hub with an editor that needs a WebSocket.

use std::{fs, path::Path, process::Command};

use super::{RealHub, skip};
use crate::harness::{Port, Setup};

/// Node-RED, as scripts/test installs it.
const PROGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/test-tools/node_modules/node-red/red.js"
);

/// Keeps Node-RED on the loopback and silent about the world.
const SETTINGS: &str = "module.exports = {
    uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: false,
    telemetry: {enabled: false, updateNotification: false},
    editorTheme: {tours: false}, externalModules: {palette: {allowInstall: false}},
};";

/// A flow that answers `GET /hello`.
const FLOWS: &str = r#"[
    {"id": "f1", "type": "tab", "label": "test"},
    {"id": "n1", "z": "f1", "type": "http in", "url": "/hello", "method": "get", "wires": [["n2"]]},
    {"id": "n2", "z": "f1", "type": "template", "template": "hello from Node-RED", "wires": [["n3"]]},
    {"id": "n3", "z": "f1", "type": "http response", "wires": []}
]"#;

/// Starts Node-RED with one flow; none where it is not installed.
pub async fn node_red() -> Option<RealHub> {
    if !Path::new(PROGRAM).exists() {
        skip("node-red");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("settings.js"), SETTINGS).unwrap();
    fs::write(folder.path().join("flows.json"), FLOWS).unwrap();
    let port = Port::keep();
    let mut command = Command::new("node");
    command
        .arg(PROGRAM)
        .args(["--userDir", "."])
        .args(["--settings", "settings.js"])
        .args(["--port", &port.number().to_string()])
        .current_dir(folder.path());
    Some(RealHub::start(command, port, folder, "/hello").await)
}

#[tokio::test]
async fn node_red_answers_its_flow_and_its_editor() {
    let Some(hub) = node_red().await else { return };
    let gate = Setup::home(&hub.url()).start().await;
    let mut http1 = gate.tls().http1().await;
    let mut http2 = gate.tls().http2().await;
    for client in [&mut http1, &mut http2] {
        let hello = client.get("/hello").await;
        assert_eq!(hello.text(), "hello from Node-RED");
        let editor = client.get("/").await;
        assert!(editor.text().contains("<title>Node-RED"));
        let script = client.get("/red/red.min.js").await;
        assert!(script.complete && script.body.len() > 100_000);
    }
}

#[tokio::test]
async fn names_with_an_encoded_slash_reach_node_red() {
    let Some(hub) = node_red().await else { return };
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    let fields = [("accept", "application/json")];
    let target = "/nodes/@scope%2Fname";
    let answer = client
        .exchange(http::Method::GET, target, &fields, "")
        .await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert!(answer.text().contains("not_found"), "{}", answer.text());
}

#[tokio::test]
async fn the_editor_receives_messages_over_its_websocket() {
    let Some(hub) = node_red().await else { return };
    let gate = Setup::home(&hub.url()).start().await;
    let mut comms = gate.tls().websocket("/comms", &[]).await.unwrap();
    comms.send(r#"{"subscribe":"notification/#"}"#).await;
    let received = comms.receive().await.unwrap();
    assert!(received.contains("notification"), "{received}");
}
