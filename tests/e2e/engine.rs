//! Behaviour of Pingora that hubgate relies on, and defects of it that hubgate must not inherit.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use tokio::time::interval;

use crate::{
    harness::{Client, Hubgate, RawConnection, Setup, within},
    hub::Hub,
};

#[tokio::test]
async fn no_websocket_is_lost_while_it_opens() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for _ in 0..50 {
        join_all((0..8).map(|_| echo(gate.tls()))).await;
    }
}

async fn echo(caller: Client) {
    let mut socket = caller.websocket("/ws", &[]).await.ok().unwrap();
    assert_eq!(socket.exchange("at once").await, "at once");
    socket.close().await;
}

#[tokio::test]
async fn an_empty_last_frame_leaves_the_hubs_connection_in_step() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for _ in 0..3 {
        assert_eq!(send_with_empty_last_frame(&gate).await, 200);
    }
    for request in hub.requests() {
        assert_eq!(request.head.first, "POST /frames HTTP/1.1");
        assert_eq!(request.body, b"body");
    }
    assert_eq!(hub.requests().len(), 3);
}

async fn send_with_empty_last_frame(gate: &Hubgate) -> u16 {
    let mut sender = gate.tls().h2().await;
    let request = Request::post("https://home.test/frames").body(()).unwrap();
    let (answer, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from("body"), false).unwrap();
    body.send_data(Bytes::new(), true).unwrap();
    let answer = within("an answer", answer).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_silent_client_is_disconnected() {
    let (_hub, gate) = hurried().await;
    gate.clear().raw().await.end().await;
    gate.tls().raw().await.end().await;
    let silent = gate.tls().stream(&["h2"]).await.unwrap();
    RawConnection::over(silent).end().await;
    let no_handshake = Client::clear(gate.https());
    no_handshake.raw().await.end().await;
}

#[tokio::test]
async fn a_dripping_head_is_cut() {
    let (hub, gate) = hurried().await;
    for caller in [gate.tls(), gate.clear()] {
        let mut client = caller.raw().await;
        client
            .send("GET / HTTP/1.1\r\nHost: home.test\r\nX-Drip: ")
            .await;
        drips(&mut client).await;
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_dripping_head_is_cut_on_a_used_connection_too() {
    let (hub, gate) = hurried().await;
    let mut client = gate.tls().raw().await;
    let request = "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n";
    assert_eq!(client.exchange(request).await.status, 200);
    client.send("GET /second HTTP/1.1\r\nX-Drip: ").await;
    drips(&mut client).await;
    assert_eq!(hub.requests().len(), 1);
}

/// Sends a byte now and then, until hubgate closes.
async fn drips(client: &mut RawConnection) {
    let mut pace = interval(Duration::from_millis(100));
    for _ in 0..50 {
        tokio::select! {
            _ = client.end() => return,
            _ = pace.tick() => client.send("x").await,
        }
    }
    panic!("a dripping client was not cut");
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for keep in ["", "Connection: close\r\n"] {
        let mut client = gate.tls().raw().await;
        let request = format!("GET /plain HTTP/1.0\r\nHost: home.test\r\n{keep}\r\n");
        assert_eq!(client.exchange(request).await.text(), "plain");
        assert_eq!(client.end().await, b"");
    }
}

/// A hubgate with timeouts of one second.
async fn hurried() -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {header_time: 1s, idle: 1s}")
        .start()
        .await;
    (hub, gate)
}
