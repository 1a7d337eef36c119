//! SIGTERM in the worst states: the process and all its children end within 20 seconds.
//!
//! Each test prints its figure (`--nocapture`).

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use http::Method;

use crate::{
    acme::{
        authority::{Endpoint, Fault},
        fixture::PreparedFixture,
    },
    harness::{
        DEADLINE, Hubgate, RawConnection, Setup, SlowFiles, WebSocket, eventually, print_figure,
    },
    hub::Hub,
};

/// A program that ignores SIGTERM, like its children.
const STUBBORN: &str = "#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho x >\"$0.started\"\nwait\n";

async fn must_stop_in_time(state: &str, gate: &mut Hubgate) {
    let stop = gate.stop().await;
    print_figure(format_args!("{state}: {stop}"));
    stop.must_be_timely();
}

/// Waits until the program beside `proxy.yaml` has started.
async fn started(gate: &Hubgate, program: &str) {
    let sign = gate.folder().join(format!("{program}.started"));
    eventually(DEADLINE, "the program runs", async || sign.exists()).await;
}

fn runnable(program: &Path) {
    fs::set_permissions(program, PermissionsExt::from_mode(0o700)).unwrap();
}

/// A prepared in which the order calls a program that hangs.
fn with_program(mut prepared: PreparedFixture, name: &str) -> PreparedFixture {
    prepared.setup = prepared.setup.file(name, STUBBORN);
    runnable(&prepared.setup.write().join(name));
    prepared
}

#[tokio::test]
async fn sigterm_ends_a_dns_hook_that_hangs() {
    let mut prepared = with_program(PreparedFixture::new().await, "hook");
    let (directory, root) = (prepared.ca.directory(), prepared.ca.ca_pem());
    prepared.setup = prepared
        .setup
        .acme(&directory, &root, "dns-01")
        .acme_key("dns: {provider: exec, program: ./hook}");
    let mut fixture = prepared.start().await;
    started(&fixture.gate, "hook").await;
    must_stop_in_time("a DNS hook hangs", &mut fixture.gate).await;
}

#[tokio::test]
async fn sigterm_ends_an_export_that_hangs() {
    let mut prepared = with_program(PreparedFixture::new().await, "export");
    prepared.setup = prepared
        .setup
        .acme_key("export: {folder: copies, run: ./export}");
    let mut fixture = prepared.start().await;
    started(&fixture.gate, "export").await;
    must_stop_in_time("an export hangs", &mut fixture.gate).await;
}

#[tokio::test]
async fn sigterm_ends_a_hand_over_to_a_program_that_ignores_it() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    gate.replace_program(STUBBORN);
    gate.hand_over();
    started(&gate, "hubgate").await;
    must_stop_in_time("a hand-over waits", &mut gate).await;
}

#[tokio::test]
async fn sigterm_ends_a_renewal_on_a_slow_disk() {
    let files = SlowFiles::build();
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = files.under(prepared.setup);
    let mut fixture = prepared.start().await;
    fixture.serves(1).await;
    files.slow(&["fsync", "rename"], "*", 4000);
    let folder = fixture.gate.folder().to_owned();
    let renewing = crate::harness::Running::start(&folder, &["cert", "renew", "home.test"]);
    eventually(DEADLINE, "the disk is slow", async || {
        files.held().contains("fsync")
    })
    .await;
    must_stop_in_time("the disk is slow", &mut fixture.gate).await;
    drop(renewing);
}

#[tokio::test]
async fn sigterm_ends_an_order_at_a_silent_ca() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::BlackHole);
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::Directory, 1)
        .await;
    must_stop_in_time("the CA is silent", &mut fixture.gate).await;
}

/// Exchanges that do not end by themselves.
struct OpenExchanges {
    _hub: Hub,
    _websocket: WebSocket,
    _stream: http::Response<hyper::body::Incoming>,
    _waiting: RawConnection,
    _half: RawConnection,
}

async fn open(hub: Hub, gate: &Hubgate) -> OpenExchanges {
    let mut websocket = gate.tls().websocket("/ws", &[]).await.unwrap();
    assert_eq!(websocket.exchange("hello").await, "hello");
    let mut client = gate.tls().http2().await;
    let stream = client.open(Method::GET, "/rest/events", &[], "").await;
    let mut waiting = gate.tls().raw().await;
    waiting
        .send("GET /slow HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    hub.request("/slow").await;
    let mut half = gate.tls().raw().await;
    half.send("POST /upload HTTP/1.1\r\nHost: home.test\r\nContent-Length: 10\r\n\r\nhalf")
        .await;
    hub.request("/upload").await;
    OpenExchanges {
        _hub: hub,
        _websocket: websocket,
        _stream: stream,
        _waiting: waiting,
        _half: half,
    }
}

#[tokio::test]
async fn sigterm_ends_streams_websockets_and_requests_that_do_not_end() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let _open = open(hub, &gate).await;
    must_stop_in_time("streams and WebSockets are open", &mut gate).await;
}

#[tokio::test]
async fn sigterm_ends_all_of_these_states_at_once() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    let setup = files.under(Setup::home(&hub.url()));
    let mut gate = setup.start().await;
    gate.answers_commands().await;
    let _open = open(hub, &gate).await;
    gate.replace_program(STUBBORN);
    gate.hand_over();
    started(&gate, "hubgate").await;
    files.hang("home.pem");
    gate.reload();
    eventually(DEADLINE, "a file hangs", async || {
        files.held().contains("home.pem")
    })
    .await;
    gate.stall_output(true);
    must_stop_in_time("all of it", &mut gate).await;
}
