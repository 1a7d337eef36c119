//! One access decision for every request, of any protocol, method, path and outcome.
//!
//! The defect of other proxies: any `Upgrade` header switched a proxy's authentication off.

use http::Method;

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{ANNA, Authority, HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

const PASSWORD: [(&str, &str); 1] = [("authorization", ANNA)];

#[tokio::test]
async fn any_factor_is_enough_where_any_is() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = three_factors(&hub, &family, "any").await;
    let away = gate.tls().from("127.0.0.2");
    let enrolled = away.clone().showing(family.client("anna"));
    assert_eq!(statuses_on_each_protocol(&gate.tls(), "/", &[]).await, IN);
    assert_eq!(statuses_on_each_protocol(&enrolled, "/", &[]).await, IN);
    assert_eq!(statuses_on_each_protocol(&away, "/", &PASSWORD).await, IN);
    let before = hub.requests().len();
    assert_eq!(statuses_on_each_protocol(&away, "/", &[]).await, [401; 3]);
    assert_eq!(hub.requests().len(), before);
}

#[tokio::test]
async fn every_factor_is_needed_where_all_are() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = three_factors(&hub, &family, "all").await;
    let (near, away) = (gate.tls(), gate.tls().from("127.0.0.2"));
    let enrolled = near.clone().showing(family.client("anna"));
    let traveller = away.showing(family.client("anna"));
    assert_eq!(
        statuses_on_each_protocol(&enrolled, "/", &[]).await,
        [401; 3]
    );
    assert_eq!(
        statuses_on_each_protocol(&near, "/", &PASSWORD).await,
        [496; 3]
    );
    assert_eq!(
        statuses_on_each_protocol(&traveller, "/", &PASSWORD).await,
        [403; 3]
    );
    assert!(hub.requests().is_empty());
    assert_eq!(
        statuses_on_each_protocol(&enrolled, "/", &PASSWORD).await,
        IN
    );
}

#[tokio::test]
async fn a_path_tightens_and_only_public_opens() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd}")
        .site("paths:")
        .site("  - {path: /static/, access: public}")
        .site("  - {path: /lan/, access: {networks: [127.0.0.1]}}")
        .start()
        .await;
    let (near, away) = (gate.tls(), gate.tls().from("127.0.0.2"));
    assert_eq!(
        statuses_on_each_protocol(&away, "/static/app.js", &[]).await,
        IN
    );
    for target in ["/", "/staticx", "/static", "/lan/", "/STATIC/"] {
        assert_eq!(
            statuses_on_each_protocol(&near, target, &[]).await,
            [401; 3],
            "{target}"
        );
    }
    assert_eq!(
        statuses_on_each_protocol(&near, "/lan/x", &PASSWORD).await,
        IN
    );
    assert_eq!(
        statuses_on_each_protocol(&away, "/lan/x", &PASSWORD).await,
        [403; 3]
    );
}

#[tokio::test]
async fn a_path_with_a_hub_of_its_own_keeps_the_rule_of_the_site() {
    let (hub, grafana) = (Hub::start().await, Hub::start().await);
    let path = format!("  - {{path: /grafana/, upstream: \"{}\"}}", grafana.url());
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths:")
        .site(&path)
        .start()
        .await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/grafana/", &[]).await,
        [401; 3]
    );
    assert!(grafana.requests().is_empty());
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/grafana/", &PASSWORD).await,
        IN
    );
    assert_eq!(grafana.requests().len(), 3);
}

#[tokio::test]
async fn every_method_passes_the_access_decision() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    for mut client in [gate.tls().http1().await, gate.tls().http2().await] {
        for method in [
            "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW",
        ] {
            let asked = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = client.exchange(asked, "/", &[], "").await;
            assert_eq!(answer.status, 401, "{method}");
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn every_upgrade_passes_the_access_decision() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let upgrades = [
        "Upgrade: websocket",
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA",
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
        "Upgrade: foo",
        "Upgrade: websocket, h2c",
        "Upgrade: websocket\r\nUpgrade: h2c",
        "Upgrade:",
    ];
    for upgrade in upgrades {
        for connection in ["Connection: Upgrade\r\n", "Connection: keep-alive\r\n", ""] {
            let request = format!("GET / HTTP/1.1\r\nHost: home.test\r\n{connection}{upgrade}");
            let answer = gate.tls().raw().await.exchange(request + "\r\n\r\n").await;
            let refused = matches!(answer.status, 400 | 401 | 501);
            assert!(refused, "{connection}{upgrade}: {}", answer.status);
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_odd_path_or_host_is_decided_too() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /static/, access: public}]")
        .start()
        .await;
    let odd = [
        ("/static/../x", "home.test"),
        ("/static/%2e%2e/x", "home.test"),
        ("/static/..%2fx", "home.test"),
        ("/static/..;/x", "home.test"),
        ("/static/%zz", "home.test"),
        ("/%00", "home.test"),
        ("//", "home.test"),
        ("/?/static/", "home.test"),
        ("*", "home.test"),
        ("/", "HOME.test"),
        ("/", "home.test."),
        ("/", "home.test:"),
        ("/", "home.test:99999"),
        ("/", "anna@home.test"),
        ("/", "home.test, other.test"),
    ];
    for (target, host) in odd {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let status = gate.tls().raw().await.exchange(request).await.status;
        let refused = matches!(status, 400 | 401 | 421);
        assert!(refused, "{target} of {host}: {status}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_the_hub_or_the_limits() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .top("limits: {body: 1KB}")
        .start()
        .await;
    hub.stop().await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
        [401; 3]
    );
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &PASSWORD).await,
        [503; 3]
    );
    let large = "x".repeat(4096);
    for mut client in [gate.tls().http1().await, gate.tls().http2().await] {
        let answer = client.exchange(Method::POST, "/", &[], &large).await;
        assert_eq!(answer.status, 401);
    }
}

/// Clients are near at 127.0.0.1; `anna` has a password and a certificate.
async fn three_factors(hub: &Hub, family: &Authority, satisfy: &str) -> Hubgate {
    let factors = "networks: [127.0.0.1], password: htpasswd, client_certificate: ca.pem";
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!("access: {{satisfy: {satisfy}, {factors}}}"))
        .start()
        .await
}
