//! Connections over a limit are refused, and taken again when there is room.

use crate::{
    harness::{Client, DEADLINE, Hubgate, Setup, Stream, WebSocket, eventually},
    hub::Hub,
};

#[tokio::test]
async fn the_number_of_connections_per_address_is_limited() {
    let (_hub, gate) = limited("connections_per_address: 3").await;
    let mut open = fill(&gate.tls()).await;
    assert_eq!(open.len(), 3);
    let neighbour = gate.tls().from("127.0.0.2");
    assert_eq!(neighbour.http2().await.get("/").await.status, 200);
    open.pop();
    is_taken_again(&gate.tls()).await;
}

#[tokio::test]
async fn the_total_number_of_connections_is_limited() {
    let (_hub, gate) = limited("connections: 4").await;
    let mut open = fill(&gate.tls()).await;
    assert_eq!(open.len(), 4);
    open.pop();
    is_taken_again(&gate.tls()).await;
}

#[tokio::test]
async fn a_stranger_with_many_connections_makes_room_and_the_home_never() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {networks: [127.0.0.9/32]}")
        .top("limits: {connections: 4}")
        .start()
        .await;
    let home = gate.tls().from("127.0.0.9");
    let mut kept = home.http2().await;
    let _crowd = fill(&gate.tls()).await;
    let other = gate.tls().from("127.0.0.2");
    assert_eq!(other.http2().await.get("/").await.status, 403);
    for _ in 0..4 {
        assert_eq!(home.http2().await.get("/").await.status, 200);
    }
    assert_eq!(kept.get("/").await.status, 200);
}

#[tokio::test]
async fn a_websocket_gives_its_place_back() {
    let (_hub, gate) = limited("connections_per_address: 1").await;
    for _ in 0..3 {
        let mut socket = None;
        eventually(DEADLINE, "there is a place", async || {
            if let Ok(stream) = gate.tls().stream(&["http/1.1"]).await {
                socket = WebSocket::open(stream, "home.test", "/ws", &[]).await.ok();
            }
            socket.is_some()
        })
        .await;
        assert!(gate.tls().stream(&[]).await.is_err());
        socket.unwrap().close().await;
    }
}

#[tokio::test]
async fn refused_connections_are_counted() {
    let (_hub, gate) = limited("connections_per_address: 3").await;
    gate.answers_commands().await;
    let _open = fill(&gate.tls()).await;
    let ran = gate.commanded(&["status", "--json"]).await;
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["counters"]["connections"]["open"], 3);
    assert_ne!(status["counters"]["connections"]["refused"], 0);
}

/// Opens connections until one is refused.
async fn fill(client: &Client) -> Vec<Box<dyn Stream>> {
    let mut open = Vec::new();
    eventually(DEADLINE, "a connection is refused", async || {
        match client.stream(&[]).await {
            Ok(stream) => open.push(stream),
            Err(_) => return true,
        }
        false
    })
    .await;
    open
}

async fn is_taken_again(client: &Client) {
    eventually(DEADLINE, "a place is free again", async || {
        client.stream(&[]).await.is_ok()
    })
    .await;
}

async fn limited(limit: &str) -> (Hub, Hubgate) {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top(&format!("limits: {{{limit}}}"))
        .start()
        .await;
    (hub, gate)
}
