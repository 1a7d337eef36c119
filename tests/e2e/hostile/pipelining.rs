//! Pipelined requests: each is answered in order, or none.

use super::fixture::{Fixture, SMUGGLED, get, post};
use crate::{harness::Setup, hub::Hub};

#[tokio::test]
async fn requests_in_one_segment_are_answered_in_turn() {
    let fixture = Fixture::open().await;
    let two = get("X: y") + SMUGGLED;
    fixture
        .forwards(two, &[("/case", ""), ("/smuggled", "")])
        .await;
    let many: String = (0..20)
        .map(|number| format!("GET /{number} HTTP/1.1\r\nHost: home.test\r\n\r\n"))
        .collect();
    let targets: Vec<_> = (0..20).map(|number| format!("/{number}")).collect();
    let meant: Vec<_> = targets.iter().map(|target| (target.as_str(), "")).collect();
    fixture.forwards(many, &meant).await;
    fixture.close().await;
}

#[tokio::test]
async fn requests_behind_bodies_are_requests_of_their_own() {
    let fixture = Fixture::open().await;
    let meant = [("/case", "hello"), ("/smuggled", "")];
    let length = post("Content-Length: 5", "hello") + SMUGGLED;
    fixture.forwards(length, &meant).await;
    let chunked = post("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n") + SMUGGLED;
    fixture.forwards(chunked, &meant).await;
    let empty_line = post("Content-Length: 5", "hello\r\n") + SMUGGLED;
    fixture.forwards(empty_line, &meant).await;
    let empty_lines = post("Content-Length: 5", "hello\r\n\r\n\r\n") + SMUGGLED;
    fixture.forwards(empty_lines, &meant).await;
    fixture.close().await;
}

#[tokio::test]
async fn a_request_in_a_body_stays_a_body() {
    let fixture = Fixture::open().await;
    let length = format!("Content-Length: {}", SMUGGLED.len());
    fixture
        .forwards(post(&length, SMUGGLED), &[("/case", SMUGGLED)])
        .await;
    let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let chunked = post("Transfer-Encoding: chunked", &chunk);
    fixture.forwards(chunked, &[("/case", SMUGGLED)]).await;
    fixture.close().await;
}

#[tokio::test]
async fn nothing_behind_a_refused_request_is_served() {
    let fixture = Fixture::open().await;
    for broken in [
        get("X : y"),
        get("Content-Length: x"),
        post("Content-Length: 5\r\nTransfer-Encoding: chunked", ""),
        "TRACE / HTTP/1.1\r\nHost: home.test\r\n\r\n".into(),
        "GET /%00 HTTP/1.1\r\nHost: home.test\r\n\r\n".into(),
    ] {
        fixture.refuses(broken + SMUGGLED).await;
    }
    let garbage = get("X: y") + "garbage\r\n\r\n" + SMUGGLED;
    fixture
        .forwards_then_refuses(garbage, &[("/case", "")])
        .await;
    assert!(fixture.hub.received("/smuggled").is_none());
    fixture.close().await;
}

#[tokio::test]
async fn nothing_behind_the_last_request_is_served() {
    let fixture = Fixture::open().await;
    let mut client = fixture.gate.tls().raw().await;
    let last = get("Connection: close") + SMUGGLED;
    assert_eq!(client.exchange(last).await.status, 200);
    assert_eq!(client.end().await, b"");
    assert!(fixture.hub.received("/smuggled").is_none());
    fixture.close().await;
}

#[tokio::test]
async fn the_body_of_a_request_answered_by_hubgate_is_no_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    for fields in [
        format!("Content-Length: {}", SMUGGLED.len()),
        "Transfer-Encoding: chunked".to_owned(),
        format!("Expect: 100-continue\r\nContent-Length: {}", SMUGGLED.len()),
    ] {
        let mut client = gate.tls().raw().await;
        let smuggled = SMUGGLED.replace(
            "\r\n\r\n",
            "\r\nAuthorization: Basic YW5uYTpzZWNyZXQ=\r\n\r\n",
        );
        assert_eq!(client.exchange(post(&fields, &smuggled)).await.status, 401);
        client.finish().await;
        client.end().await;
        assert!(hub.requests().is_empty(), "{fields}");
    }
}

#[tokio::test]
async fn a_request_body_after_an_early_response_is_no_request() {
    let fixture = Fixture::open().await;
    for fields in [
        format!("Content-Length: {}", SMUGGLED.len()),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        let mut client = fixture.gate.tls().raw().await;
        let head = format!("POST /at-once HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n");
        assert_eq!(client.exchange(head).await.status, 200, "{fields}");
        client.send(SMUGGLED).await;
        client.finish().await;
        client.end().await;
        assert!(fixture.hub.received("/smuggled").is_none(), "{fields}");
    }
    fixture.close().await;
}
