//! Hubs that are down or respond incorrectly: hubgate reports an error and never forwards a broken
//! response as a complete one.

mod answers;
mod away;
mod pool;

use crate::{
    harness::{DEADLINE, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_hub_that_is_down_is_waited_for() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http2().await;
    assert_eq!(client.get("/").await.status, 200);
    hub.stop().await;
    let down = client.get("/").await;
    assert_eq!(down.status, 503);
    assert!(down.field("retry-after").is_some());
    hub.start_again().await;
    eventually(DEADLINE, "the hub is reached again", async || {
        client.get("/").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_not_http_becomes_502() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for fault in [
        "garbage",
        "nothing",
        "half-a-head",
        "huge-head",
        "negative-length",
        "length-in-words",
        "two-lengths",
        "upgrade",
    ] {
        let mut http1 = gate.tls().http1().await;
        let mut http2 = gate.tls().http2().await;
        for client in [&mut http1, &mut http2] {
            let answer = client.get(&format!("/wrong/{fault}")).await;
            assert_eq!(answer.status, 502, "{fault}");
        }
    }
}

#[tokio::test]
async fn half_an_answer_is_not_passed_on_as_a_whole_one() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for fault in ["half-a-body", "truncated-chunks"] {
        let mut http1 = gate.tls().http1().await;
        let mut http2 = gate.tls().http2().await;
        for client in [&mut http1, &mut http2] {
            let answer = client.get(&format!("/wrong/{fault}")).await;
            assert!(!answer.complete, "{fault}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn an_unrequested_interim_response_does_not_hang_the_client() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for interim in ["/interim/100", "/interim/103"] {
        let mut http1 = gate.tls().http1().await;
        let mut http2 = gate.tls().http2().await;
        for client in [&mut http1, &mut http2] {
            assert_eq!(client.get(interim).await.text(), "ok", "{interim}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_frees_the_hub() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    client
        .send("GET /hang HTTP/1.1\r\nHost: home.test\r\n\r\n")
        .await;
    hub.request("/hang").await;
    drop(client);
    eventually(DEADLINE, "the hub is left", async || {
        hub.disconnections() == 1
    })
    .await;
}
