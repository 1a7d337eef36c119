//! Client certificates: requests for them, and responses to clients without one.

mod chains;
mod long_list;
mod odd;

use http::Method;
use rcgen::ExtendedKeyUsagePurpose;
use time::{Duration, OffsetDateTime};

use crate::{
    harness::{Authority, DEADLINE, HTPASSWD, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_valid_certificate_is_admitted() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    for client in [
        &mut gate.tls().showing(family.client("anna")).http1().await,
        &mut gate.tls().showing(family.client("anna")).http2().await,
    ] {
        assert_eq!(client.get("/").await.status, 200);
    }
}

#[tokio::test]
async fn without_a_certificate_the_answer_is_496() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    let answer = gate.tls().http1().await.get("/").await;
    assert_eq!(answer.status, 496);
    assert_eq!(answer.field("connection"), Some("close"));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn the_answers_are_in_the_visitors_language() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    let stranger = Authority::new("strangers").client("anna");
    for (caller, english, german) in [
        (gate.tls(), "Certificate required", "Zertifikat nötig"),
        (
            gate.tls().showing(stranger),
            "signed by another CA",
            "eine andere CA",
        ),
    ] {
        for (wanted, text) in [("fr, en;q=0.5", english), ("de-AT, en;q=0.5", german)] {
            let fields = [("accept-language", wanted)];
            let mut client = caller.http1().await;
            let answer = client.exchange(Method::GET, "/", &fields, "").await;
            assert!(answer.text().contains(text), "{text}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_bad_certificate_is_reported_with_its_reason() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    let yesterday = OffsetDateTime::now_utc() - Duration::DAY;
    let expired = family.client_with("anna", |params| {
        params.not_before = yesterday - Duration::WEEK;
        params.not_after = yesterday;
    });
    let server = family.client_with("anna", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let stranger = Authority::new("strangers").client("anna");
    for (leaf, reason) in [
        (expired, yesterday.year().to_string()),
        (server, "client".to_owned()),
        (stranger, "signed by another".to_owned()),
    ] {
        let answer = gate.tls().showing(leaf).http1().await.get("/").await;
        assert_eq!(answer.status, 495);
        assert!(
            answer.text().contains(&reason),
            "{reason}: {}",
            answer.text()
        );
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_on_open_and_resumed_connections() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let anna = family.client("anna");
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &family.revoking(&[]))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    let revocation = family.revoking(&[&anna]);
    let caller = gate.tls().showing(anna).resuming();
    let mut socket = caller.websocket("/ws", &[]).await.ok().unwrap();
    assert_eq!(caller.http1().await.get("/").await.status, 200);
    gate.write("ca.crl", &revocation);
    assert_eq!(socket.receive().await, None, "the open WebSocket is closed");
    eventually(DEADLINE, "the revoked certificate is refused", async || {
        caller.http1().await.get("/").await.status == 495
    })
    .await;
}

#[tokio::test]
async fn at_home_no_certificate_is_requested() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {networks: [127.0.0.1], client_certificate: ca.pem}")
        .start()
        .await;
    let stranger = Authority::new("strangers").client("anna");
    let home = gate.tls().showing(stranger);
    assert_eq!(home.http2().await.get("/").await.status, 200);
    let away = home.from("127.0.0.2");
    assert_eq!(away.http1().await.get("/").await.status, 495);
}

/// Admits a certificate of the family or a password.
async fn family_or_password(hub: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd, client_certificate: ca.pem}")
        .start()
        .await
}

/// Admits only a certificate of the family.
async fn only_family(hub: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .client_certificate(family)
        .start()
        .await
}
