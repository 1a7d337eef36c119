//! The life of the process: reload, and an orderly end.

use http::Method;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_reload_takes_a_new_configuration_and_keeps_connections() {
    let (old, new) = (Hub::start().await, Hub::start().await);
    let gate = Setup::home(&old.url()).start().await;
    let mut client = gate.tls().http2().await;
    assert_eq!(client.get("/").await.status, 200);
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    gate.write("proxy.yaml", &yaml.replace(&old.url(), &new.url()));
    gate.reload();
    eventually(DEADLINE, "the new hub is asked", async || {
        assert_eq!(client.get("/").await.status, 200);
        !new.requests().is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_reload_with_a_mistake_changes_nothing_and_says_so() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.write("proxy.yaml", "sites: [{hosts: [home.test], upstraem: x}]\n");
    gate.reload();
    gate.line_with("upstraem").await;
    assert_eq!(gate.tls().http2().await.get("/").await.status, 200);
}

#[tokio::test]
async fn the_reload_command_tells_whether_it_worked() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let ran = gate.command(&["reload"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    // The file itself is good, so only the running process can find the fault.
    gate.write("home.pem", "this is no certificate\n");
    let ran = gate.command(&["reload"]);
    assert_ne!(ran.status, Some(0));
    assert!(ran.stderr.contains("home.pem"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_status_command_tells_what_runs() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let _open = gate.tls().websocket("/ws", &[]).await.ok().unwrap();
    gate.tls().http2().await.get("/").await;
    let ran = gate.command(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["sites"][0]["hosts"][0], "home.test");
    assert_eq!(status["counters"]["websockets_open"], 1);
    assert_eq!(status["counters"]["requests"]["successful"], 1);
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
}

#[tokio::test]
async fn sigterm_lets_a_request_end_and_then_stops() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    let ending = async {
        hub.request("/slow").await;
        gate.terminate();
        closed(&gate).await;
        hub.tick("now");
    };
    let (answer, ()) = tokio::join!(client.get("/slow"), ending);
    assert_eq!(answer.text(), "plain");
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_second_sigterm_does_not_wait_for_streams() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    let _stream = client.open(Method::GET, "/rest/events", &[], "").await;
    gate.terminate();
    closed(&gate).await;
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_process_that_handed_over_still_hears_sigterm() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    let _stream = client.open(Method::GET, "/rest/events", &[], "").await;
    gate.hand_over();
    let _successor = Successor::named_in(&gate.line_with("has taken over").await);
    gate.terminate();
    gate.line_with("not waited for long").await;
    gate.terminate();
    assert!(gate.ended().await.success());
}

async fn closed(gate: &Hubgate) {
    eventually(DEADLINE, "no new connection is taken", async || {
        tokio::net::TcpStream::connect(gate.https()).await.is_err()
    })
    .await;
}

/// The process that took over; it ends with the test.
struct Successor(Pid);

impl Successor {
    fn named_in(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let at = words.iter().position(|word| *word == "process").unwrap();
        Self(Pid::from_raw(words[at + 1].parse().unwrap()).unwrap())
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}
