//! HTTP/2 requests that are none: what would mean another thing in HTTP/1 never
//! reaches the hub.

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Frames, GET, HEADERS, Outcome, block, frame,
};
use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

#[tokio::test]
async fn fields_that_belong_to_http1_are_refused() {
    let fixture = start().await;
    for field in [
        ("connection", "close"),
        ("connection", "x-forwarded-for"),
        ("keep-alive", "1"),
        ("proxy-connection", "keep-alive"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("Upper", "case"),
        ("x y", "z"),
        ("x:y", "z"),
        ("x\r\ny", "z"),
        ("x\0", "z"),
        ("", "z"),
        ("x", "a\r\ny: b"),
        ("x", "a\nb"),
        ("x", "a\0b"),
        ("host", "other.test"),
        ("host", "home.test, other.test"),
        ("content-length", "5"),
        ("content-length", "-1"),
        ("content-length", "x"),
        ("content-length", "0, 5"),
    ] {
        let fields = [&GET[..], &[field]].concat();
        is_refused(&fixture, &fields).await;
    }
}

#[tokio::test]
async fn duplicates_of_singleton_fields_are_refused() {
    let fixture = start().await;
    for field in [
        (":method", "POST"),
        (":path", "/other"),
        (":scheme", "http"),
        (":authority", "other.test"),
    ] {
        is_refused(&fixture, &[&GET[..], &[field]].concat()).await;
        is_refused(&fixture, &[&[field], &GET[..]].concat()).await;
    }
    is_refused(
        &fixture,
        &[&GET[..], &[("host", "home.test"), ("host", "other.test")]].concat(),
    )
    .await;
    is_refused(
        &fixture,
        &[
            &GET[..],
            &[("content-length", "0"), ("content-length", "1")],
        ]
        .concat(),
    )
    .await;
}

#[tokio::test]
async fn pseudo_headers_that_are_wrong_are_refused() {
    let fixture = start().await;
    for (name, value) in [
        (":path", ""),
        (":path", "case"),
        (":path", "*"),
        (":path", "https://home.test/case"),
        (":path", "/ca se"),
        (":path", "/case HTTP/1.1\r\nX: y"),
        (":path", "/ca\0se"),
        (":path", "/%00"),
        (":path", "/\\"),
        (":method", ""),
        (":method", "CONNECT"),
        (":method", "TRACE"),
        (":method", "GET /other HTTP/1.1\r\nX:"),
        (":method", "G T"),
        (":authority", "other.test"),
        (":authority", "user@home.test"),
        (":authority", "home.test/case"),
        (":authority", "home.test, other.test"),
        (":authority", "home test"),
        (":authority", "home.test:x"),
        (":authority", ""),
    ] {
        let mut fields = GET;
        let place = fields.iter().position(|field| field.0 == name).unwrap();
        fields[place].1 = value;
        is_refused(&fixture, &fields).await;
    }
}

#[tokio::test]
async fn pseudo_headers_that_are_missing_unknown_or_late_are_refused() {
    let fixture = start().await;
    for missing in [":method", ":scheme", ":authority", ":path"] {
        let fields: Vec<_> = GET.into_iter().filter(|field| field.0 != missing).collect();
        is_refused(&fixture, &fields).await;
    }
    for unknown in [":status", ":protocol", ":x", ":"] {
        is_refused(&fixture, &[&GET[..], &[(unknown, "200")]].concat()).await;
    }
    is_refused(&fixture, &[&GET[..3], &[("x", "y")], &GET[3..]].concat()).await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_promised_never_ends_at_the_hub() {
    let (hub, gate) = start().await;
    let mut post = GET;
    post[0].1 = "POST";
    for (promised, sent) in [("5", "hell"), ("5", "hello!")] {
        let fields = block(&[&post[..], &[("content-length", promised)]].concat());
        let mut client = Frames::open(&gate).await;
        client.send(&frame(HEADERS, END_HEADERS, 1, &fields)).await;
        client
            .send(&frame(DATA, END_STREAM, 1, sent.as_bytes()))
            .await;
        assert_ne!(client.fate().await, Outcome::Answered, "{promised}: {sent}");
    }
    is_in_step(&hub, &gate).await;
    assert!(
        hub.requests()
            .iter()
            .all(|request| request.target() != "/case" || !request.complete)
    );
}

#[tokio::test]
async fn trailers_are_not_passed_on_as_fields() {
    let (hub, gate) = start().await;
    let mut post = GET;
    post[0].1 = "POST";
    let trailers = block(&[("x-real-ip", "10.0.0.1"), ("x-sum", "1")]);
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(HEADERS, END_HEADERS, 1, &block(&post)))
        .await;
    client.send(&frame(DATA, 0, 1, b"hello")).await;
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers))
        .await;
    assert_eq!(client.fate().await, Outcome::Answered);
    let received = hub.request("/case").await;
    assert_eq!(received.body, b"hello");
    assert_eq!(received.field("x-real-ip"), Some("127.0.0.1"));
    assert_eq!(received.field("x-sum"), None);
    is_in_step(&hub, &gate).await;
}

#[tokio::test]
async fn a_request_for_another_host_than_the_connection_is_misdirected() {
    let (hub, gate) = start().await;
    let mut sender = gate.tls().h2().await;
    let request = http::Request::get("https://other.test/case")
        .body(())
        .unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 421);
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_valid_request_of_raw_frames_is_answered() {
    let (hub, gate) = start().await;
    let mut client = Frames::open(&gate).await;
    let fields = block(&GET);
    let (head, rest) = fields.split_at(10);
    client.send(&frame(HEADERS, END_STREAM, 1, head)).await;
    client
        .send(&frame(CONTINUATION, END_HEADERS, 1, rest))
        .await;
    assert_eq!(client.fate().await, Outcome::Answered);
    let te = block(&[&GET[..], &[("te", "trailers"), ("host", "home.test")]].concat());
    let mut client = Frames::open(&gate).await;
    client
        .send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &te))
        .await;
    assert_eq!(client.fate().await, Outcome::Answered);
    assert_eq!(hub.request("/case").await.field("te"), None);
}

/// A request with these fields is not answered with 200 and never whole at the hub.
async fn is_refused((hub, gate): &(Hub, Hubgate), fields: &[(&str, &str)]) {
    let mut client = Frames::open(gate).await;
    client
        .send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(fields)))
        .await;
    assert_ne!(client.fate().await, Outcome::Answered, "{fields:?}");
    assert!(hub.requests().is_empty(), "{fields:?}");
}

/// The hub's pooled connections serve what comes next as it was meant.
async fn is_in_step(hub: &Hub, gate: &Hubgate) {
    for number in 1..=3 {
        let target = format!("/in-step/{number}");
        assert_eq!(gate.tls().http2().await.get(&target).await.status, 200);
        assert!(hub.received(&target).unwrap().complete);
    }
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}

#[tokio::test]
async fn white_space_around_a_value_is_refused() {
    let fixture = start().await;
    for value in [" x", "x ", "\tx", "x\t", " "] {
        is_refused(&fixture, &[&GET[..], &[("x", value)]].concat()).await;
    }
}

#[tokio::test]
async fn an_expectation_but_100_continue_is_refused() {
    let fixture = start().await;
    for value in ["tea", "100-continue, tea", "100", ""] {
        is_refused(&fixture, &[&GET[..], &[("expect", value)]].concat()).await;
    }
}
