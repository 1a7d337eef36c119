//! Bodies are streamed to the hub, up to a configured limit.

use crate::{
    harness::{DEADLINE, Hubgate, Response, Setup, eventually},
    hub::Hub,
};

const MEGABYTE: usize = 1_000_000;

#[tokio::test]
async fn a_body_reaches_the_hub_while_it_is_sent() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    client.send(head(2 * MEGABYTE)).await;
    for half in 1..=2 {
        client.send(vec![b'b'; MEGABYTE]).await;
        eventually(DEADLINE, "the hub has what was sent", async || {
            let received = hub.received("/upload");
            received.is_some_and(|request| request.length == half * MEGABYTE)
        })
        .await;
    }
    assert_eq!(client.receive().await.status, 200);
}

#[tokio::test]
async fn uploads_of_60_mb_pass_by_default() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    assert_eq!(upload(&gate, 60).await.status, 200);
    assert_eq!(hub.request("/upload").await.length, 60 * MEGABYTE);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_413() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {body: 1MB}")
        .start()
        .await;
    let mut client = gate.tls().raw().await;
    assert_eq!(client.exchange(head(2 * MEGABYTE)).await.status, 413);
    assert_eq!(upload(&gate, 1).await.status, 200);
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_never_ends_at_the_hub() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {body: 1MB}")
        .start()
        .await;
    let mut client = gate.tls().raw().await;
    client
        .send("POST /upload HTTP/1.1\r\nHost: home.test\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let chunk = format!("{:x}\r\n{}\r\n", MEGABYTE, "b".repeat(MEGABYTE));
    client.send(&chunk).await;
    client.send(&chunk).await;
    client.send("0\r\n\r\n").await;
    assert_eq!(client.receive().await.status, 413);
    let received = hub.received("/upload");
    assert!(received.is_none_or(|request| !request.complete && request.length <= MEGABYTE));
}

#[tokio::test]
async fn the_limit_can_be_off() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("limits: {body: off}")
        .start()
        .await;
    assert_eq!(upload(&gate, 70).await.status, 200);
    assert_eq!(hub.request("/upload").await.length, 70 * MEGABYTE);
}

async fn upload(gate: &Hubgate, megabytes: usize) -> Response {
    let mut client = gate.tls().raw().await;
    client.send(head(megabytes * MEGABYTE)).await;
    let megabyte = vec![b'b'; MEGABYTE];
    for _ in 0..megabytes {
        client.send(&megabyte).await;
    }
    client.receive().await
}

fn head(length: usize) -> String {
    format!("POST /upload HTTP/1.1\r\nHost: home.test\r\nContent-Length: {length}\r\n\r\n")
}
