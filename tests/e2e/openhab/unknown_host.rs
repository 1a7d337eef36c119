//! A request for an unknown host never reaches a hub.

use crate::{harness::Setup, hub::Hub};

/// Hosts that are not the site's.
const UNKNOWN: [&str; 6] = [
    "evil.test",
    "127.0.0.1",
    "localhost",
    "home.test.evil.test",
    "xhome.test",
    "[::1]",
];

#[tokio::test]
async fn an_unknown_host_over_tls_is_421() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for host in UNKNOWN {
        let mut client = gate.tls().raw().await;
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(client.exchange(request).await.status, 421, "{host}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_unknown_host_over_plain_http_is_neither_proxied_nor_redirected() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for host in UNKNOWN {
        let mut client = gate.clear().raw().await;
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = client.exchange(request).await;
        assert!(
            matches!(answer.status, 404 | 421),
            "{host}: {}",
            answer.status
        );
        assert_eq!(answer.field("location"), None);
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_missing_or_doubled_host_is_no_request() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for fields in ["", "Host:\r\n", "Host: home.test\r\nHost: home.test\r\n"] {
        for caller in [gate.tls(), gate.clear()] {
            let mut client = caller.raw().await;
            let answer = client
                .exchange(format!("GET / HTTP/1.1\r\n{fields}\r\n"))
                .await;
            let status = answer.status;
            assert!(matches!(status, 400 | 404 | 421), "{fields:?}: {status}");
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_unknown_name_in_the_handshake_reaches_no_site() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for name in ["evil.test", "127.0.0.1"] {
        let caller = gate.tls().accepting_any_certificate().name(name);
        let Ok(_) = caller.certificate().await else {
            continue;
        };
        let mut client = caller.raw().await;
        let request = format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n");
        assert_eq!(client.exchange(request).await.status, 421, "{name}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn the_host_must_be_of_the_site_of_the_handshake() {
    let hub = Hub::start().await;
    let other = Hub::start().await;
    let site = format!(
        "{{hosts: [other.test], certificate: {{chain: home.pem, key: home.key}}, \
         upstream: \"{}\", access: {{networks: [203.0.113.0/24]}}}}",
        other.url()
    );
    let gate = Setup::home(&hub.url()).other_site(&site).start().await;
    let mut client = gate.tls().raw().await;
    let request = "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n";
    assert!(matches!(client.exchange(request).await.status, 403 | 421));
    let mut client = gate.tls().name("other.test").raw().await;
    let request = "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n";
    client.exchange(request).await;
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn hubgate_is_no_forward_proxy() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let elsewhere = hub.url();
    let requests = [
        format!("GET {elsewhere}/ HTTP/1.1\r\nHost: home.test\r\n\r\n"),
        format!(
            "GET {elsewhere}/ HTTP/1.1\r\nHost: {}\r\n\r\n",
            &elsewhere[7..]
        ),
        "CONNECT home.test:443 HTTP/1.1\r\nHost: home.test:443\r\n\r\n".to_owned(),
    ];
    for request in &requests {
        for caller in [gate.tls(), gate.clear()] {
            let status = caller.raw().await.exchange(request).await.status;
            assert!((400..500).contains(&status), "{request}: {status}");
        }
    }
    assert!(hub.requests().is_empty());
}
