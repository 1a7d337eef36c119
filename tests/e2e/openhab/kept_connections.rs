//! Connections to the hub are reused, and one that the hub has closed meanwhile costs no request.

use http::Method;

use crate::{harness::Setup, hub::Hub};

#[tokio::test]
async fn a_connection_to_the_hub_is_used_again() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    for target in ["/one", "/chunked", "/three"] {
        assert_eq!(client.get(target).await.status, 200);
    }
    assert_eq!(gate.tls().http1().await.get("/four").await.status, 200);
    assert_eq!(hub.connections(), 1);
}

#[tokio::test]
async fn a_connection_the_hub_closed_is_not_missed() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    for _ in 0..20 {
        assert_eq!(client.get("/bye").await.text(), "plain");
    }
    assert_eq!(hub.connections(), 20);
}

#[tokio::test]
async fn a_get_on_a_stale_connection_is_sent_again() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/stale").await.status, 200);
    assert_eq!(client.get("/after").await.status, 200);
    assert_eq!(hub.connections(), 2);
    assert_eq!(hub.requests().len(), 3);
}

#[tokio::test]
async fn a_post_is_never_sent_twice() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/stale").await.status, 200);
    let answer = client
        .exchange(Method::POST, "/switch", &[], "TOGGLE")
        .await;
    assert_eq!(answer.status, 502);
    assert_eq!(hub.requests().len(), 2);
}
