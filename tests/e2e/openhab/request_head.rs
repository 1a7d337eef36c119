//! hubgate's fields leave room for the client's in Jetty's 8 KiB.

use http::Method;

use crate::{
    harness::{Authority, Setup},
    hub::Hub,
};

/// Bytes that hubgate may add, the longest client identity among them.
const ADDED: usize = 2_048;

#[tokio::test]
async fn the_hub_never_sees_a_pem_certificate() {
    for headers in ["false", "x-ssl-client", "client-cert"] {
        let hub = Hub::start().await;
        let family = Authority::new("family");
        let access = format!("access: {{client_certificate: ca.pem, client_headers: {headers}}}");
        let gate = Setup::home(&hub.url())
            .file("ca.pem", &family.pem())
            .site(&access)
            .start()
            .await;
        let mut client = gate.tls().showing(family.client("anna")).http1().await;
        assert_eq!(client.get("/one").await.status, 200, "{headers}");
        let head = hub.request("/one").await.head.bytes;
        assert!(head.len() < ADDED, "{headers}: {} bytes", head.len());
        assert!(
            !String::from_utf8_lossy(&head).contains("BEGIN"),
            "{headers}"
        );
    }
}

#[tokio::test]
async fn a_large_cookie_stays_below_eight_kibibytes() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let cookie = "c".repeat(8_192 - ADDED);
    let fields = [
        ("cookie", cookie.as_str()),
        ("authorization", "Basic YW5uYTpzZWNyZXQ="),
    ];
    let mut client = gate.tls().http2().await;
    client.exchange(Method::GET, "/one", &fields, "").await;
    let head = hub.request("/one").await.head;
    assert_eq!(head.field("cookie"), Some(cookie.as_str()));
    assert!(head.bytes.len() <= 8_192, "{} bytes", head.bytes.len());
}
