//! Networks are matched against the TCP peer, or the client address from a trusted proxy.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{Authority, Client, Hubgate, Setup},
    hub::Hub,
};

/// The proxy in front.
const PROXY: &str = "127.0.0.4";
const INSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

#[tokio::test]
async fn the_proxy_header_of_a_trusted_peer_sets_the_client_address() {
    let hub = Hub::start().await;
    let gate = gate(&hub, "{networks: [203.0.113.0/24]}").await;
    for header in [version_1, version_2] {
        let inside = gate.tls().from(PROXY).announcing(header(INSIDE));
        assert_eq!(statuses_on_each_protocol(&inside, "/", &[]).await, IN);
        let outside = gate.tls().from(PROXY).announcing(header(OUTSIDE));
        assert_eq!(
            statuses_on_each_protocol(&outside, "/", &[]).await,
            [403; 3]
        );
    }
    assert_eq!(hub.requests().len(), 6);
    for request in hub.requests() {
        assert_eq!(request.field("x-forwarded-for"), Some("203.0.113.7"));
        assert_eq!(request.field("x-real-ip"), Some("203.0.113.7"));
    }
}

#[tokio::test]
async fn the_proxy_header_of_any_other_peer_is_a_malformed_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .top("limits: {header_time: 1s}")
        .site("access: {networks: [203.0.113.0/24]}")
        .start()
        .await;
    for header in [version_1, version_2] {
        let liar = gate.tls().announcing(header(INSIDE));
        assert!(liar.stream(&["http/1.1"]).await.is_err());
        let mut clear = Client::clear(gate.https())
            .announcing(header(INSIDE))
            .raw()
            .await;
        clear
            .send("GET / HTTP/1.1\r\nHost: home.test\r\n\r\n")
            .await;
        let head = clear.head().await;
        assert!(head.is_none_or(|head| head.word(1) == "400"));
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_trusted_proxy_that_names_no_client_is_in_no_network() {
    let hub = Hub::start().await;
    let gate = gate(&hub, "{networks: [lan, 127.0.0.4, public]}").await;
    let mut local = version_2(INSIDE);
    local[12] = 0x20;
    for header in [b"PROXY UNKNOWN\r\n".to_vec(), local, Vec::new()] {
        let caller = gate.tls().from(PROXY).announcing(header);
        assert_eq!(statuses_on_each_protocol(&caller, "/", &[]).await, [403; 3]);
        for forwarded in ["", "unknown", "_obf", "127.0.0.4", "127.0.0.4, 127.0.0.4"] {
            let fields = [("x-forwarded-for", forwarded)];
            assert_eq!(
                statuses_on_each_protocol(&caller, "/", &fields).await,
                [403; 3],
                "{forwarded}"
            );
        }
        let fields = [("x-forwarded-for", "203.0.113.7:4711")];
        assert_eq!(statuses_on_each_protocol(&caller, "/", &fields).await, IN);
    }
    let direct = gate.tls().from("127.0.0.3");
    assert_eq!(
        statuses_on_each_protocol(&direct, "/", &[]).await,
        IN,
        "no proxy"
    );
}

#[tokio::test]
async fn a_broken_header_of_a_trusted_peer_ends_the_connection() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .top("limits: {header_time: 1s}")
        .start()
        .await;
    for header in [
        "PROXY TCP4 203.0.113.7\r\n",
        "PROXY nonsense\r\n",
        "PROXY \r\n",
    ] {
        let caller = gate.tls().from(PROXY).announcing(header);
        assert!(caller.stream(&["http/1.1"]).await.is_err(), "{header:?}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn the_address_in_the_header_decides_about_the_certificate_request() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .file("ca.pem", &family.pem())
        .site("access: {networks: [203.0.113.0/24], client_certificate: ca.pem}")
        .start()
        .await;
    let proxy = gate.tls().from(PROXY);
    let at_home = proxy.clone().announcing(version_2(INSIDE));
    assert_eq!(at_home.requested_cas().await, None);
    let away = proxy.clone().announcing(version_2(OUTSIDE));
    assert!(away.requested_cas().await.is_some());
    assert!(
        proxy.requested_cas().await.is_some(),
        "the client is unknown"
    );
}

#[tokio::test]
async fn forwarded_for_counts_from_a_trusted_proxy_and_from_the_right() {
    let hub = Hub::start().await;
    let gate = gate(&hub, "{networks: [203.0.113.0/24]}").await;
    for (peer, forwarded, expected) in [
        (PROXY, "203.0.113.7", IN),
        (PROXY, "198.51.100.7, 203.0.113.7", IN),
        (PROXY, "::ffff:203.0.113.7", IN),
        (PROXY, "203.0.113.7, 127.0.0.4", IN),
        (PROXY, "203.0.113.7, 198.51.100.7", [403; 3]),
        (PROXY, "203.0.113.7, rubbish", [403; 3]),
        (PROXY, "", [403; 3]),
        ("127.0.0.3", "203.0.113.7", [403; 3]),
        ("127.0.0.3", "127.0.0.4, 203.0.113.7", [403; 3]),
    ] {
        let caller = gate.tls().from(peer);
        let fields = [("x-forwarded-for", forwarded)];
        let statuses = statuses_on_each_protocol(&caller, "/", &fields).await;
        assert_eq!(statuses, expected, "{peer}: {forwarded}");
    }
}

#[tokio::test]
async fn the_client_in_the_header_cannot_name_another() {
    let hub = Hub::start().await;
    let gate = gate(&hub, "{networks: [203.0.113.0/24]}").await;
    let outside = gate.tls().from(PROXY).announcing(version_1(OUTSIDE));
    let fields = [("x-forwarded-for", "203.0.113.7")];
    assert_eq!(
        statuses_on_each_protocol(&outside, "/", &fields).await,
        [403; 3]
    );
}

#[tokio::test]
async fn a_mapped_address_is_in_the_networks_of_ipv4_only() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .listen(r#"listen: {http: [], https: ["[::]:HTTPS"]}"#)
        .site("access: {networks: [127.0.0.1]}")
        .start()
        .await;
    assert_eq!(statuses_on_each_protocol(&gate.tls(), "/", &[]).await, IN);
    let six = (Ipv6Addr::LOCALHOST, gate.https().port());
    assert_eq!(
        statuses_on_each_protocol(&gate.tls().to(six.into()), "/", &[]).await,
        [403; 3]
    );
}

fn version_1(source: Ipv4Addr) -> Vec<u8> {
    format!("PROXY TCP4 {source} 192.0.2.1 4711 443\r\n").into_bytes()
}

/// PROXY, TCP over IPv4, twelve bytes of addresses and ports.
fn version_2(source: Ipv4Addr) -> Vec<u8> {
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c".to_vec();
    header.extend(source.octets());
    header.extend([192, 0, 2, 1, 0x12, 0x67, 0x01, 0xbb]);
    header
}

async fn gate(hub: &Hub, access: &str) -> Hubgate {
    Setup::home(&hub.url())
        .top("trusted_proxies: [127.0.0.4]")
        .site(&format!("access: {access}"))
        .start()
        .await
}
