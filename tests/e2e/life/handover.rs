//! Hand-over: a new process takes the sockets, the old one ends gracefully.

use std::{fs, time::Duration};

use http::Method;

use super::{load::Load, times};
use crate::{
    acme::{
        authority::{Endpoint, Fault},
        fixture::PreparedFixture,
    },
    harness::{DEADLINE, Hubgate, Setup, eventually, until},
    hub::Hub,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hand_overs_under_load_lose_no_request() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let load = Load::start(&gate);
    for _ in 0..times(5, 20) {
        gate.take_over().await;
    }
    load.end().await;
    assert!(gate.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_hands_over_only_after_it_has_taken_over() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let load = Load::start(&gate);
    gate.take_over_twice().await;
    load.end().await;
    assert!(!gate.printed().contains("the hand-over failed"));
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn the_old_process_keeps_its_connections_to_their_end() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    let mut client = gate.tls().http2().await;
    let events = client.open(Method::GET, "/rest/events", &[], "").await;
    let mut events = events.into_body();
    gate.take_over().await;
    assert_eq!(gate.tls().http2().await.get("/plain").await.text(), "plain");
    assert_eq!(socket.exchange("still there").await, "still there");
    hub.tick("still there");
    until(&mut events, "still there").await;
    socket.close().await;
    drop((client, events));
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_request_under_way_is_answered_by_the_old_process() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    let handing_over = async {
        hub.request("/slow").await;
        gate.take_over().await;
        hub.tick("now");
    };
    let (answer, ()) = tokio::join!(client.get("/slow"), handing_over);
    assert_eq!(answer.text(), "plain");
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_program_that_does_not_start_leaves_the_old_process_at_work() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    gate.replace_program("#!/bin/sh\nexit 7\n");
    gate.hand_over();
    let line = gate.line_with("this process continues").await;
    assert!(line.contains('7'), "{line}");
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
    assert_eq!(socket.exchange("still there").await, "still there");
}

#[tokio::test]
async fn a_broken_configuration_stops_no_hand_over_for_ever() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let good = fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    gate.write("proxy.yaml", "sites: [{hosts: [home.test], upstraem: x}]\n");
    gate.hand_over();
    gate.line_with("this process continues").await;
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
    gate.write("proxy.yaml", &good);
    gate.take_over().await;
    assert!(gate.ended().await.success());
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
}

#[tokio::test]
async fn the_new_process_answers_commands_and_reloads() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    gate.take_over().await;
    assert!(gate.ended().await.success());
    let ran = gate.commanded(&["status", "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let line = gate.line_with("has taken over").await;
    assert!(
        line.contains(&format!("process {} ", status["pid"])),
        "{line}"
    );
    let ran = gate.commanded(&["reload"]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn a_process_that_handed_over_still_handles_sigterm() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    gate.take_over().await;
    gate.terminate_first();
    gate.line_with("stop requested").await;
    assert_eq!(socket.farewell().await, Some(1001));
    assert!(gate.ended().await.success());
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
}

/// A new program that never becomes ready, and starts another one.
const HANGING: &str = "#!/bin/sh\nsleep 60 &\necho $$ $! > pids\nwait\n";

/// A new program that reports that it is ready and ends at once.
const SHORT_LIVED: &str = "#!/usr/bin/env python3\n\
import os, socket\n\
ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
ready.sendto(b'ready', os.environ['HUBGATE_READY_SOCKET'])\n\
raise SystemExit(7)\n";

/// A new program that reports that it is ready and then does nothing.
const STUCK: &str = "#!/usr/bin/env python3\n\
import os, socket, time\n\
ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
ready.sendto(b'ready', os.environ['HUBGATE_READY_SOCKET'])\n\
time.sleep(300)\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_program_that_hangs_after_it_was_ready_costs_no_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let load = Load::start(&gate);
    gate.replace_program(STUCK);
    gate.hand_over();
    eventually(PROBED, "the hand-over is given up", async || {
        gate.printed().contains("this process continues")
    })
    .await;
    let line = gate.line_with("this process continues").await;
    assert!(
        line.contains("the new process answered no request on"),
        "{line}"
    );
    load.end().await;
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
}

/// Time in which a new program that does not answer is given up, with the end of its process.
const PROBED: Duration = Duration::from_secs(40);

#[tokio::test]
async fn sigterm_aborts_a_hand_over_and_ends_its_processes() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let pids = hanging(&gate).await;
    gate.terminate();
    assert!(gate.ended().await.success());
    eventually(DEADLINE, "the new program's processes end", async || {
        pids.iter().all(|pid| !runs(pid))
    })
    .await;
}

#[tokio::test]
async fn sigterm_ends_a_hand_over_that_waits_for_an_order() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::BlackHole);
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::Directory, 1)
        .await;
    fixture.gate.hand_over();
    fixture.gate.reload();
    fixture.gate.line_with("INFO reloaded").await;
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
    assert!(!fixture.gate.printed().contains("has taken over"));
}

#[tokio::test]
async fn sighup_reloads_while_a_hand_over_waits() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    hanging(&gate).await;
    gate.reload();
    gate.line_with("INFO reloaded").await;
    assert_eq!(gate.commanded(&["reload"]).await.status, Some(0));
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_program_that_ends_after_it_was_ready_costs_no_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let load = Load::start(&gate);
    gate.replace_program(SHORT_LIVED);
    gate.hand_over();
    let line = gate.line_with("this process continues").await;
    assert!(line.contains('7'), "{line}");
    load.end().await;
    assert_eq!(gate.tls().http1().await.get("/plain").await.text(), "plain");
}

/// Begins a hand-over that waits; the processes that it started.
async fn hanging(gate: &Hubgate) -> Vec<String> {
    gate.answers_commands().await;
    gate.replace_program(HANGING);
    gate.hand_over();
    let file = gate.folder().join("pids");
    let read = || fs::read_to_string(&file).unwrap_or_default();
    eventually(DEADLINE, "the new program starts", async || {
        read().ends_with('\n')
    })
    .await;
    read().split_whitespace().map(str::to_owned).collect()
}

fn runs(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
