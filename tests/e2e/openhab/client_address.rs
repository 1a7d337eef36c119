//! The hub gets the address of the TCP peer, regardless of the client's fields.
//!
//! openHAB believes the leftmost address and gives its trusted networks the
//! role of a user.

use crate::{
    harness::Setup,
    hub::{Hub, Request},
};

/// Forged fields of a client.
const LIES: [(&str, &str); 3] = [
    ("X-Forwarded-For", "192.168.1.1"),
    ("x-forwarded-for", "10.0.0.1, 10.0.0.2"),
    ("X-Real-IP", "192.168.1.1"),
];

#[tokio::test]
async fn forwarded_for_is_overwritten() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut http1 = gate.tls().from("127.0.0.3").http1().await;
    let mut http2 = gate.tls().from("127.0.0.3").http2().await;
    for client in [&mut http1, &mut http2] {
        client.exchange(http::Method::GET, "/one", &LIES, "").await;
    }
    for request in hub.requests() {
        assert_forwarded(&request, "127.0.0.3", "127.0.0.3");
    }
    assert_eq!(hub.requests().len(), 2);
}

#[tokio::test]
async fn a_trusted_proxy_is_appended_to() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .start()
        .await;
    let fields = [("X-Forwarded-For", "203.0.113.7")];
    for (peer, expected) in [
        ("127.0.0.3", "127.0.0.3"),
        ("127.0.0.4", "203.0.113.7, 127.0.0.4"),
    ] {
        let mut client = gate.tls().from(peer).http1().await;
        let target = format!("/{peer}");
        client
            .exchange(http::Method::GET, &target, &fields, "")
            .await;
        let request = hub.request(&target).await;
        assert_eq!(request.field("x-forwarded-for"), Some(expected));
    }
}

#[tokio::test]
async fn a_mapped_address_is_forwarded_as_ipv4() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .listen(r#"listen: {http: [], https: ["[::]:HTTPS"]}"#)
        .start()
        .await;
    gate.tls().http1().await.get("/four").await;
    assert_forwarded(&hub.request("/four").await, "127.0.0.1", "127.0.0.1");
    let six = (std::net::Ipv6Addr::LOCALHOST, gate.https().port());
    gate.tls().to(six.into()).http1().await.get("/six").await;
    assert_forwarded(&hub.request("/six").await, "::1", "::1");
}

fn assert_forwarded(request: &Request, forwarded_for: &str, real_ip: &str) {
    assert_eq!(request.field("x-forwarded-for"), Some(forwarded_for));
    assert_eq!(request.field("x-real-ip"), Some(real_ip));
}
