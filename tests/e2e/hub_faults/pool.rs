//! Reused connections to the hub: bytes left on one are never taken for the next response.

use http::Method;

use crate::{
    harness::{Hubgate, Setup},
    hub::Hub,
};

/// The response that reaches a wrong client if responses are mixed up.
const STRAY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray";

#[tokio::test]
async fn bytes_after_a_response_are_discarded() {
    let (hub, gate) = start().await;
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        hub.set_response("/scripted", &format!("{answer}{STRAY}"), true);
        let status = answer[9..12].parse::<u16>().unwrap();
        for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
            assert_eq!(client.get("/scripted").await.status, status, "{answer:?}");
            is_in_step(&gate).await;
        }
    }
}

#[tokio::test]
async fn the_body_of_a_response_to_head_is_discarded() {
    let (hub, gate) = start().await;
    hub.set_response("/scripted", STRAY, true);
    for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
        let answer = client.exchange(Method::HEAD, "/scripted", &[], "").await;
        assert_eq!((answer.status, answer.body.len()), (200, 0));
        is_in_step(&gate).await;
    }
}

#[tokio::test]
async fn the_rest_of_an_abandoned_response_is_discarded() {
    let (_hub, gate) = start().await;
    for _ in 0..3 {
        let mut client = gate.tls().raw().await;
        client
            .send("GET /large HTTP/1.1\r\nHost: home.test\r\n\r\n")
            .await;
        assert_eq!(client.head().await.unwrap().word(1), "200");
        drop(client);
        is_in_step(&gate).await;
    }
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_request_is_one_answer() {
    let (hub, gate) = start().await;
    for fields in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let mut client = gate.tls().raw().await;
        let head = format!("POST /at-once HTTP/1.1\r\nHost: home.test\r\n{fields}\r\n\r\n");
        assert_eq!(client.exchange(head).await.status, 200);
        is_in_step(&gate).await;
        client.send("5\r\nhello\r\n0\r\n\r\n").await;
        client.end().await;
        is_in_step(&gate).await;
    }
    assert!(hub.received("/at-once").is_some());
}

#[tokio::test]
async fn a_connection_that_dies_between_requests_costs_no_get() {
    let (hub, gate) = start().await;
    for round in 1..=3 {
        for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
            assert_eq!(client.get("/stale").await.status, 200);
            let target = format!("/after/{round}");
            assert_eq!(client.get(&target).await.status, 200);
            assert!(hub.received(&target).unwrap().complete);
        }
    }
}

#[tokio::test]
async fn a_connection_that_dies_between_requests_lets_no_post_be_sent_twice() {
    let (hub, gate) = start().await;
    for (round, method) in [Method::POST, Method::PATCH].into_iter().enumerate() {
        for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
            assert_eq!(client.get("/stale").await.status, 200);
            let target = format!("/switch/{round}");
            let before = hub.requests().len();
            let answer = client
                .exchange(method.clone(), &target, &[], "TOGGLE")
                .await;
            assert_eq!(answer.status, 502, "{method}");
            assert_eq!(hub.requests().len(), before + 1, "{method}");
        }
    }
}

/// Asserts that the next client gets the response to its own request.
async fn is_in_step(gate: &Hubgate) {
    for number in 0..3 {
        let target = format!("/in-step/{number}");
        for client in [&mut gate.tls().http1().await, &mut gate.tls().http2().await] {
            let answer = client.get(&target).await;
            assert!(answer.text().contains(&target), "{}", answer.text());
        }
    }
}

async fn start() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    (hub, gate)
}
