//! Forwarded fields: `Host` with its port, one scheme, and none forged by a client.

use crate::{harness::Setup, hub::Hub};

/// Fields that only a proxy may set, in spellings that some hubs take for them.
const FORGED: &str = "Forwarded: for=192.168.1.1;proto=http\r\n\
    X-Forwarded-Host: evil.test\r\n\
    X-Forwarded-Port: 1\r\n\
    X-Forwarded-Proto: gopher\r\n\
    X-Forwarded-Prefix: /evil\r\n\
    X-Forwarded-Server: evil.test\r\n\
    X-Forwarded-Anything: evil\r\n\
    X-SSL-Client-Verify: SUCCESS\r\n\
    x-ssl-client-s-dn: CN=evil\r\n\
    X-Client-IP: 192.168.1.1\r\n\
    X-Client-Certificate: evil\r\n\
    Client-Cert: :evil:\r\n\
    Client-Cert-Chain: :evil:\r\n\
    X_Forwarded_For: 192.168.1.1\r\n\
    X-Forwarded_Host: evil.test\r\n\
    X_Real_IP: 192.168.1.1\r\n\
    any_field: evil\r\n";

/// Fields that a client's `Connection` list tries to delete; the first is harmless.
const OURS: [&str; 6] = [
    "X-Nothing",
    "X-Forwarded-For",
    "x-real-ip",
    "X-Forwarded-Proto",
    "Host",
    "close, X-Real-IP",
];

#[tokio::test]
async fn host_keeps_its_port() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let host = format!("home.test:{}", gate.https().port());
    gate.tls().http1().await.get("/one").await;
    gate.tls().http2().await.get("/two").await;
    for target in ["/one", "/two"] {
        let request = hub.request(target).await;
        assert_eq!(request.field("host"), Some(host.as_str()));
        let forwarded = request.field("x-forwarded-host");
        assert!(
            forwarded.is_none_or(|forwarded| forwarded == host),
            "{forwarded:?}"
        );
        assert_eq!(request.field("x-forwarded-proto"), Some("https"));
    }
}

#[tokio::test]
async fn the_scheme_is_http_where_only_http_is_served() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .listen(r#"listen: {http: ["127.0.0.1:HTTP"], https: []}"#)
        .start()
        .await;
    gate.clear().http1().await.get("/one").await;
    let request = hub.request("/one").await;
    assert_eq!(request.field("x-forwarded-proto"), Some("http"));
}

#[tokio::test]
async fn forged_fields_never_reach_the_hub() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut client = gate.tls().raw().await;
    let request = format!("GET /forged HTTP/1.1\r\nHost: home.test\r\n{FORGED}\r\n");
    assert_eq!(client.exchange(request).await.status, 200);
    let head = hub.request("/forged").await.head;
    for (name, value) in &head.fields {
        assert!(!name.contains('_'), "{name} came through");
        assert!(!value.contains("evil"), "{name}: {value} came through");
        assert!(
            !value.contains("192.168.1.1"),
            "{name}: {value} came through"
        );
    }
    assert_eq!(head.field("forwarded"), None);
    assert_eq!(head.field("x-ssl-client-verify"), None);
    assert_eq!(head.field("x-forwarded-proto"), Some("https"));
    assert!(
        head.field("x-forwarded-port")
            .is_none_or(|port| port != "1")
    );
}

#[tokio::test]
async fn a_connection_field_cannot_delete_the_fields_of_hubgate() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for (number, name) in OURS.into_iter().enumerate() {
        let request = format!(
            "GET /{number} HTTP/1.1\r\nHost: home.test\r\nConnection: {name}, X-Mine\r\nX-Mine: 1\r\n\r\n"
        );
        let status = gate.tls().raw().await.exchange(request).await.status;
        let Some(request) = hub.received(&format!("/{number}")) else {
            assert_eq!(status, 400, "{name}");
            continue;
        };
        assert_eq!(
            request.field("x-forwarded-for"),
            Some("127.0.0.1"),
            "{name}"
        );
        assert_eq!(request.field("x-real-ip"), Some("127.0.0.1"), "{name}");
        assert_eq!(request.field("x-forwarded-proto"), Some("https"), "{name}");
        assert_eq!(request.field("host"), Some("home.test"), "{name}");
        assert_eq!(request.field("x-mine"), None, "{name}");
    }
    assert!(hub.received("/0").is_some(), "a harmless list passes");
}
