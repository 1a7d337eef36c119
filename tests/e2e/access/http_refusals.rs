//! The handshake finishes with any client certificate; hubgate refuses in HTTP.
//!
//! A TLS alert explains nothing to a person: 496 reports a missing certificate, 495 the reason
//! against the presented one.

use rcgen::ExtendedKeyUsagePurpose;
use rustls::version::{TLS12, TLS13};
use time::{Duration, OffsetDateTime};

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{
        ANNA, Authority, Client, DEADLINE, HTPASSWD, Hubgate, Leaf, RawConnection, Setup,
        eventually,
    },
    hub::Hub,
};

#[tokio::test]
async fn a_missing_certificate_is_496_on_each_protocol() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    for version in [&TLS12, &TLS13] {
        let caller = gate.tls().speaking(version);
        assert_eq!(statuses_on_each_protocol(&caller, "/", &[]).await, [496; 3]);
        assert_refused_and_closed(&caller, "showed no certificate").await;
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_bad_certificate_is_495_with_the_reason() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    for (leaf, reason) in bad(&family) {
        let caller = gate.tls().showing(leaf);
        assert_eq!(
            statuses_on_each_protocol(&caller, "/", &[]).await,
            [495; 3],
            "{reason}"
        );
        assert_refused_and_closed(&caller, reason).await;
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_http2_connection_ends_with_the_refusal_too() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    let stranger = Authority::new("strangers").client("mallory");
    for (caller, status) in [(gate.tls(), 496), (gate.tls().showing(stranger), 495)] {
        let mut client = caller.http2().await;
        assert_eq!(client.get("/").await.status, status);
        let what = "the connection that cannot get better is closed";
        eventually(DEADLINE, what, async || client.is_closed()).await;
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_does_not_get_past_the_handshake() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    for version in [&TLS12, &TLS13] {
        let stolen = family.client("anna").with_key_of(&family.client("thief"));
        let thief = gate.tls().speaking(version).showing(stolen);
        let Ok(stream) = thief.stream(&["http/1.1"]).await else {
            continue;
        };
        let mut conversation = RawConnection::over(stream);
        conversation
            .send("GET / HTTP/1.1\r\nHost: home.test\r\n\r\n")
            .await;
        assert!(conversation.head().await.is_none());
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_bad_certificate_does_not_block_an_alternative_password() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd, client_certificate: ca.pem}")
        .start()
        .await;
    let caller = gate
        .tls()
        .showing(Authority::new("strangers").client("anna"));
    assert_eq!(statuses_on_each_protocol(&caller, "/", &[]).await, [401; 3]);
    let page = caller.http1().await.get("/").await;
    assert!(
        page.text().contains("signed by another CA"),
        "{}",
        page.text()
    );
    let password = [("authorization", ANNA)];
    assert_eq!(statuses_on_each_protocol(&caller, "/", &password).await, IN);
}

#[tokio::test]
async fn a_connection_with_a_certificate_request_never_gets_403() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .client_certificate(&family)
        .site("paths: [{path: /near/, access: {networks: [127.0.0.1]}}]")
        .start()
        .await;
    let away = gate.tls().from("127.0.0.2").showing(family.client("anna"));
    assert_eq!(statuses_on_each_protocol(&away, "/", &[]).await, IN);
    let before = hub.requests().len();
    assert_eq!(
        statuses_on_each_protocol(&away, "/near/", &[]).await,
        [496; 3]
    );
    let cross_site = [("sec-fetch-site", "cross-site")];
    for mut client in [away.http1().await, away.http2().await] {
        let answer = client
            .exchange(http::Method::POST, "/", &cross_site, "")
            .await;
        assert!((400..500).contains(&answer.status) && answer.status != 403);
    }
    let socket = away.websocket("/", &cross_site).await.err();
    assert!(socket.is_some_and(|status| status != 403), "{socket:?}");
    assert_eq!(hub.requests().len(), before);
}

#[tokio::test]
async fn the_name_in_a_bad_certificate_is_nowhere() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .top("log: {access: json, level: debug}")
        .site("access: {networks: [127.0.0.1], client_certificate: ca.pem, client_headers: x-ssl-client}")
        .site("paths: [{path: /static/, access: public}]")
        .start()
        .await;
    let mallory = Authority::new("strangers").client("mallory");
    let away = gate.tls().from("127.0.0.2").showing(mallory);
    let page = away.http1().await.get("/").await;
    assert!(!page.text().contains("mallory"), "{}", page.text());
    assert_eq!(away.http1().await.get("/static/last").await.status, 200);
    let request = hub.request("/static/last").await;
    assert_ne!(request.field("x-ssl-client-verify"), Some("SUCCESS"));
    assert_eq!(request.field("x-ssl-client-s-dn"), None);
    gate.line_with("/static/last").await;
    assert!(!gate.printed().contains("mallory"));
}

async fn assert_refused_and_closed(caller: &Client, reason: &str) {
    let mut conversation = caller.raw().await;
    let request = "GET / HTTP/1.1\r\nHost: home.test\r\n\r\n";
    let answer = conversation.exchange(request).await;
    assert!(
        answer.text().contains(reason),
        "{reason}: {}",
        answer.text()
    );
    assert_eq!(answer.field("connection"), Some("close"));
    assert_eq!(conversation.end().await, b"");
}

/// One invalid certificate of each kind, with the expected text of the page.
fn bad(family: &Authority) -> [(Leaf, &'static str); 4] {
    let now = OffsetDateTime::now_utc();
    let expired = family.client_with("anna", |params| {
        params.not_before = now - Duration::WEEK;
        params.not_after = now - Duration::MINUTE;
    });
    let early = family.client_with("anna", |params| params.not_before = now + Duration::DAY);
    let server = family.client_with("anna", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    [
        (expired, "the certificate ended on"),
        (early, "the certificate is valid only from"),
        (server, "the certificate was not made for clients"),
        (
            Authority::new("strangers").client("anna"),
            "was signed by another CA",
        ),
    ]
}

async fn only_family(hub: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .client_certificate(family)
        .start()
        .await
}
