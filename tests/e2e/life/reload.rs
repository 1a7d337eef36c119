//! Reload: applies the whole new configuration or none of it, and loses no connection.

use http::Method;

use super::{load::Load, times};
use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually, until},
    hub::Hub,
};

#[tokio::test]
async fn a_reload_takes_a_new_configuration_and_keeps_connections() {
    let (old, new) = (Hub::start().await, Hub::start().await);
    let gate = Setup::home(&old.url()).start().await;
    let mut client = gate.tls().http2().await;
    assert_eq!(client.get("/").await.status, 200);
    let yaml = yaml(&gate);
    gate.write("proxy.yaml", &yaml.replace(&old.url(), &new.url()));
    gate.reload();
    eventually(DEADLINE, "the new hub gets requests", async || {
        assert_eq!(client.get("/").await.status, 200);
        !new.requests().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_reload_with_a_mistake_changes_nothing_and_reports_it() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.write("proxy.yaml", BROKEN);
    gate.reload();
    gate.line_with("upstraem").await;
    assert_eq!(gate.tls().http2().await.get("/").await.status, 200);
}

#[tokio::test]
async fn the_reload_command_reports_its_result() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let ran = gate.command(&["reload"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    // The file itself is valid, so only the running process can find the fault.
    gate.write("home.pem", "this is no certificate\n");
    let ran = gate.command(&["reload"]);
    assert_ne!(ran.status, Some(0));
    assert!(ran.stderr.contains("home.pem"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_reload_command_refuses_a_broken_file_with_78() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    gate.write("proxy.yaml", BROKEN);
    let ran = gate.commanded(&["reload"]).await;
    assert_eq!(ran.status, Some(78));
    assert!(ran.stderr.contains("upstraem"), "{}", ran.stderr);
    assert_eq!(gate.tls().http2().await.get("/").await.status, 200);
}

#[tokio::test]
async fn a_reload_that_would_move_the_state_folder_is_refused_with_the_cure() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let yaml = yaml(&gate);
    gate.write("proxy.yaml", &format!("state: elsewhere\n{yaml}"));
    gate.reload();
    let line = gate.line_with("state: a reload cannot move it").await;
    assert!(line.contains("elsewhere; restart hubgate"), "{line}");
    gate.write("proxy.yaml", &yaml);
    assert_eq!(gate.command(&["status"]).status, Some(0));
}

#[tokio::test]
async fn websockets_and_streams_outlive_good_and_bad_reloads() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    let (mut http1, mut http2) = (gate.tls().http1().await, gate.tls().http2().await);
    let mut streams = Vec::new();
    for client in [&mut http1, &mut http2] {
        let answer = client.open(Method::GET, "/rest/events", &[], "").await;
        streams.push(answer.into_body());
    }
    let good = yaml(&gate);
    for (number, yaml) in [&good, BROKEN, &good].into_iter().enumerate() {
        gate.write("proxy.yaml", yaml);
        let status = gate.commanded(&["reload"]).await.status;
        assert_eq!(status == Some(0), yaml != BROKEN);
        let tick = format!("tick-{number}");
        assert_eq!(socket.exchange(&tick).await, tick);
        hub.tick(&tick);
        for stream in &mut streams {
            until(stream, &tick).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_under_load_lose_no_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let yaml = yaml(&gate);
    let load = Load::start(&gate);
    for number in 0..times(100, 1_000) {
        let other = format!("{yaml}    headers: {{X-Reload: \"{number}\"}}\n");
        gate.write("proxy.yaml", &other);
        let ran = gate.commanded(&["reload"]).await;
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    }
    load.end().await;
    let last = gate.tls().http1().await.get("/plain").await;
    let number = (times(100, 1_000) - 1).to_string();
    assert_eq!(last.field("x-reload"), Some(number.as_str()));
}

const BROKEN: &str = "sites: [{hosts: [home.test], upstraem: x}]\n";

fn yaml(gate: &Hubgate) -> String {
    std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap()
}

#[tokio::test]
async fn a_refused_reload_ends_with_nothing_changed() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    for file in ["sites: [", "sites: []"] {
        gate.write("proxy.yaml", file);
        let ran = gate.command(&["reload"]);
        assert_eq!(ran.status, Some(78));
        assert!(
            ran.stderr.trim_end().ends_with("nothing changed"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(gate.tls().http1().await.get("/").await.status, 200);
}
