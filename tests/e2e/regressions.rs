//! Regression tests.

use std::time::Duration;

use crate::{
    harness::{Setup, eventually, until},
    hub::Hub,
};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A second request behind a refused upgrade reached the hub past the gate.
#[tokio::test]
async fn a_refused_upgrade_opens_no_way_past_the_gate() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /plain, access: public}]")
        .start()
        .await;
    let second = "GET /secret HTTP/1.1\r\nHost: home.test\r\n\r\n";
    let first = format!("GET /plain HTTP/1.1\r\nHost: home.test\r\n{UPGRADE}\r\n");

    let mut together = gate.tls().raw().await;
    together.send(format!("{first}{second}")).await;
    assert_eq!(together.receive().await.status, 200);
    together.end().await;

    let mut after = gate.tls().raw().await;
    assert_eq!(after.exchange(&first).await.status, 200);
    after.send(second).await;
    after.end().await;
    assert!(hub.received("/secret").is_none());
}

/// Other requests changed the order in which a request tried its servers.
#[tokio::test]
async fn every_request_finds_the_one_server_that_lives() {
    let hub = Hub::start().await;
    let mut dead = Hub::start().await;
    dead.stop().await;
    let servers = format!("{{servers: [\"{}\", \"{}\"]}}", dead.url(), hub.url());
    let gate = Setup::home(&servers).start().await;
    let mut client = gate.tls().http1().await;
    for _ in 0..6 {
        assert_eq!(client.get("/plain").await.status, 200);
    }
    for _ in 0..3 {
        let socket = gate.tls().websocket("/ws", &[]).await.unwrap();
        socket.close().await;
    }
}

/// Bytes after a chunked body were reported as "the hub is down", and the request sent twice.
#[tokio::test]
async fn a_request_behind_a_chunked_body_is_answered_too() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    let chunked = "POST /echo HTTP/1.1\r\nHost: home.test\r\nTransfer-Encoding: chunked\r\n\r\n\
                   4\r\nbody\r\n0\r\n\r\n";
    client
        .send(format!(
            "{chunked}GET /plain HTTP/1.1\r\nHost: home.test\r\n\r\n"
        ))
        .await;
    assert_eq!(client.receive().await.status, 200);
    assert_eq!(client.receive().await.status, 200);
    assert_eq!(hub.request("/echo").await.body, b"body");
    assert_eq!(hub.requests().len(), 2);
}

/// HTTP/1.0 was answered in chunks it cannot read.
#[tokio::test]
async fn http_1_0_is_answered_without_chunks() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    client
        .send("GET /chunked HTTP/1.0\r\nHost: home.test\r\n\r\n")
        .await;
    let head = client.head().await.unwrap();
    assert_eq!(head.field("transfer-encoding"), None);
    let body = client.end().await;
    assert!(!body.is_empty() && !body.windows(2).any(|pair| pair == b"\r\n"));
}

/// After a denied request the body that a client held back was taken for the next request.
#[tokio::test]
async fn a_denied_expectation_ends_the_connection() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let mut client = gate.tls().raw().await;
    let answer = client
        .exchange(
            "POST /echo HTTP/1.1\r\nHost: home.test\r\nContent-Length: 4\r\n\
             Expect: 100-continue\r\n\r\n",
        )
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.field("connection"), Some("close"));
}

/// An address that moved between http and https was left as it was.
#[tokio::test]
async fn a_reload_can_turn_an_address_from_http_to_https() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let before = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let ports = format!(
        "listen: {{http: [], https: [\"{}\", \"{}\"]}}",
        gate.http(),
        gate.https()
    );
    let sites = before.split_once('\n').unwrap().1;
    gate.write("proxy.yaml", &format!("{ports}\n{sites}"));
    gate.reload();
    gate.line_with("reloaded").await;
    eventually(
        Duration::from_secs(5),
        "TLS on the former http port",
        || async { gate.tls().to(gate.http()).certificate().await.is_ok() },
    )
    .await;
}

/// Any client can forge addresses left of the first untrusted hop, and openHAB trusts them.
#[tokio::test]
async fn a_forged_beginning_of_forwarded_for_stays_outside() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .start()
        .await;
    let mut client = gate.tls().from("127.0.0.4").http1().await;
    let forged = [("X-Forwarded-For", "192.168.1.5, 203.0.113.7")];
    client.exchange(http::Method::GET, "/x", &forged, "").await;
    let request = hub.request("/x").await;
    assert_eq!(
        request.field("x-forwarded-for"),
        Some("203.0.113.7, 127.0.0.4")
    );
    assert_eq!(request.field("x-real-ip"), Some("203.0.113.7"));
}

/// An API token that came as the user of a failed login stood in the log.
#[tokio::test]
async fn a_token_in_a_failed_login_is_not_logged() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    // oh.token.SECRET with an empty password
    let token = [("Authorization", "Basic b2gudG9rZW4uU0VDUkVUOg==")];
    let mut client = gate.tls().http1().await;
    let answer = client.exchange(http::Method::GET, "/", &token, "").await;
    assert_eq!(answer.status, 401);
    gate.line_with("login failed").await;
    assert!(!gate.printed().contains("SECRET"));
}

/// A page with server-sent events, as openHAB's UI always has one, held a restart up for 15 s.
#[tokio::test]
async fn event_streams_do_not_delay_the_shutdown() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    let mut streams = Vec::new();
    for mut client in [gate.tls().http1().await, gate.tls().http2().await] {
        let mut stream = client.open(http::Method::GET, "/events", &[], "").await;
        hub.tick("first");
        until(stream.body_mut(), "first").await;
        streams.push((client, stream));
    }
    gate.terminate();
    gate.ended().await;
}
