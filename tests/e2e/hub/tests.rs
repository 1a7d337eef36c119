//! Tests of the stand-in hub without hubgate.

use super::Hub;
use crate::harness::Client;

#[tokio::test]
async fn the_hub_records_heads_and_bodies_exactly() {
    let hub = Hub::start().await;
    let mut client = Client::clear(hub.address()).raw().await;
    let head = "POST /one?x=%20 HTTP/1.1\r\nHost:home.test\r\nx-odd:  A \r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(head).await;
    client.send("3\r\none\r\n").await;
    let answer = client.exchange("3\r\ntwo\r\n0\r\n\r\n").await;
    assert_eq!((answer.status, answer.complete), (200, true));
    let request = hub.request("/one?x=%20").await;
    assert_eq!(request.head.bytes, head.as_bytes());
    assert_eq!(request.body, b"onetwo");
    assert!(request.complete);
}

#[tokio::test]
async fn a_stale_connection_ends_with_its_next_request() {
    let hub = Hub::start().await;
    let mut client = Client::clear(hub.address()).raw().await;
    let stale = client.exchange("GET /stale HTTP/1.1\r\n\r\n").await;
    assert_eq!(stale.text(), "plain");
    client.send("GET /next HTTP/1.1\r\n\r\n").await;
    assert!(client.head().await.is_none());
    assert_eq!(hub.requests().len(), 2);
}

#[tokio::test]
async fn a_hub_starts_again_on_its_port() {
    let mut hub = Hub::start().await;
    let caller = Client::clear(hub.address());
    let mut socket = caller.websocket("/ws", &[]).await.ok().unwrap();
    assert_eq!(socket.exchange("hello").await, "hello");
    hub.stop().await;
    assert_eq!(socket.receive().await, None);
    hub.start_again().await;
    let mut client = caller.http1().await;
    assert_eq!(client.get("/chunked").await.text(), "one,two,three");
    assert_eq!(hub.connections(), 2);
}

#[tokio::test]
async fn ticks_reach_streams() {
    let hub = Hub::start().await;
    for stream in ["/events", "/mjpeg"] {
        let mut client = Client::clear(hub.address()).raw().await;
        client.send(format!("GET {stream} HTTP/1.1\r\n\r\n")).await;
        assert_eq!(client.head().await.unwrap().word(1), "200");
        hub.tick("tick");
        client.until("tick").await;
    }
}
