//! Faults of hubs over HTTP/2, and their windows.

use http::Method;

use super::{Http2Client, STREAMS, hub::Http2Hub, start};
use crate::{
    harness::{DEADLINE, Setup, eventually, within},
    hub_transports::UnixRelay,
};

/// PUSH_PROMISE of stream 2 on stream 1, with a GET of `/`.
const PUSH_PROMISE: &[u8] = &[0, 0, 7, 5, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0x82, 0x86, 0x84];
/// WINDOW_UPDATE of 0 on stream 1.
const NO_UPDATE: &[u8] = &[0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, 0];
/// The window of a connection, which `h2` does not raise by itself.
const WINDOW: usize = 65_535;

#[tokio::test]
async fn an_upload_that_the_hub_does_not_read_holds_up_no_other() {
    let (hub, gate) = start().await;
    let slow = Http2Client::open(&gate).await;
    let (answer, mut stream) = slow.begin(Method::POST, "/stall", false).await;
    stream.send_data(vec![b'x'; 200_000].into(), false).unwrap();
    eventually(DEADLINE, "the window is exhausted", async || {
        hub.stalled() == WINDOW
    })
    .await;
    let other = Http2Client::open(&gate).await;
    for _ in 0..3 {
        let whole = within("another upload", other.post("/echo", "hello")).await;
        assert_eq!(whole.unwrap().body, b"hello");
    }
    assert_eq!(other.get("/echo").await.unwrap().status, 200);
    assert_eq!(hub.connections(), 2, "the others share one connection");
    drop((answer, stream));
}

#[tokio::test]
async fn uploads_wait_for_the_window_at_the_limit_of_connections() {
    let hub = Http2Hub::start(STREAMS).await;
    let setup = Setup::home(&hub.upstream(", connections: 1"));
    let gate = setup.top("limits: {idle: 3s}").start().await;
    let slow = Http2Client::open(&gate).await;
    let (_answer, mut stream) = slow.begin(Method::POST, "/stall", false).await;
    stream.send_data(vec![b'x'; 200_000].into(), false).unwrap();
    eventually(DEADLINE, "the window is exhausted", async || {
        hub.stalled() == WINDOW
    })
    .await;
    let other = Http2Client::open(&gate).await;
    assert_eq!(other.get("/echo").await.unwrap().status, 200);
    let whole = within("another upload", other.post("/echo", "hello")).await;
    assert!([200, 504].contains(&whole.unwrap().status));
    assert_eq!(hub.connections(), 1);
}

#[tokio::test]
async fn a_response_that_a_reset_without_an_error_cuts_is_cut() {
    let (_hub, gate) = start().await;
    for target in ["/cut", "/cut-head"] {
        let two = Http2Client::open(&gate).await;
        assert!(two.get(target).await.is_err(), "{target}");
        let mut client = gate.tls().raw().await;
        let request = format!("GET {target} HTTP/1.1\r\nHost: home.test\r\n\r\n");
        assert!(!client.exchange(request).await.complete, "{target}");
    }
    gate.line_with("it breaks off").await;
}

#[tokio::test]
async fn a_padded_value_in_a_head_is_502_and_in_a_trailer_section_a_reset() {
    let (_hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.get("/padded").await.unwrap().status, 502);
    assert!(two.get("/padded-trailer").await.is_err());
    let mut client = gate.tls().raw().await;
    let request = "GET /padded-trailer HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert!(!client.exchange(request).await.complete);
    gate.line_with("its trailer section has a value").await;
}

#[tokio::test]
async fn requests_pass_to_a_hub_with_http2_on_a_unix_socket() {
    let hub = Http2Hub::start(STREAMS).await;
    let relay = UnixRelay::before(hub.address());
    let upstream = format!("{{servers: [\"{}\"], http2: true}}", relay.url());
    let gate = Setup::home(&upstream).start().await;
    let two = Http2Client::open(&gate).await;
    for _ in 0..3 {
        let whole = two.post("/echo", "hello").await.unwrap();
        assert_eq!((whole.status, &whole.body[..]), (200, &b"hello"[..]));
    }
    assert_eq!(hub.connections(), 1);
    assert_eq!(hub.received("/echo").head.uri.scheme_str(), Some("http"));
}

#[tokio::test]
async fn a_promise_that_was_switched_off_ends_the_connection_alone() {
    let hub = Http2Hub::saying(PUSH_PROMISE, STREAMS, 1).await;
    let gate = Setup::home(&hub.upstream("")).start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.get("/echo").await.unwrap().status, 502);
    assert_eq!(two.get("/echo").await.unwrap().status, 200);
    assert_eq!(hub.connections(), 2);
}

#[tokio::test]
async fn a_window_update_of_nothing_is_a_fault_of_the_hub() {
    let hub = Http2Hub::saying(NO_UPDATE, STREAMS, 1).await;
    let gate = Setup::home(&hub.upstream("")).start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.post("/echo", "hello").await.unwrap().status, 502);
    assert_eq!(two.post("/echo", "hello").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_hub_that_closes_its_connection_between_requests_gets_the_next_on_another() {
    let (hub, gate) = start().await;
    let two = Http2Client::open(&gate).await;
    assert_eq!(two.get("/last").await.unwrap().status, 200);
    eventually(DEADLINE, "another connection is opened", async || {
        assert_eq!(two.post("/echo", "hello").await.unwrap().body, b"hello");
        hub.connections() == 2
    })
    .await;
    assert_eq!(two.post("/hang-up", "hello").await.unwrap().status, 502);
    assert_eq!(two.post("/echo", "hello").await.unwrap().body, b"hello");
    assert_eq!(hub.connections(), 3);
}
