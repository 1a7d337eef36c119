//! How a CA's answers are taken, from a CA that answers as it is told to.

mod account;
mod ca;
mod order;

use self::ca::{Ca, DIRECTORY, document, json};
use super::*;
use crate::acme::testing::{Reply, answer};

fn home() -> Vec<Host> {
    vec![Host::Name("home.example".into())]
}

/// The problem of an order that is answered with this.
async fn refused(head: &'static str, body: &str) -> Problem {
    let body = body.to_owned();
    let ca = Ca::start(move |path, _| (path == "/order").then(|| answer(head, &body))).await;
    let authority = ca.connect().await;
    authority.place(&home(), None, None).await.err().unwrap()
}

#[tokio::test]
async fn retry_after_is_kept_as_seconds_and_as_a_date() {
    let limited = document("rateLimited", "retry after 2030-01-01 00:00:00 UTC");
    let began = OffsetDateTime::now_utc();
    let problem = refused("429 Too Many Requests\r\nRetry-After: 3600", &limited).await;
    assert_eq!(problem.class, Class::RateLimited);
    let wait = problem.retry_after.unwrap() - began;
    assert!((3600..3660).contains(&wait.whole_seconds()), "{wait}");
    let dated = "429 Too Many Requests\r\nRetry-After: Thu, 26 Nov 2026 10:00:00 GMT";
    let problem = refused(dated, &limited).await;
    let date = time::macros::datetime!(2026-11-26 10:00 UTC);
    assert_eq!(problem.retry_after, Some(date));
    let problem = refused("429 Too Many Requests", &limited).await;
    assert_eq!(problem.retry_after.unwrap().year(), 2030);
}

#[tokio::test]
async fn a_page_instead_of_a_document_is_a_fault_of_the_network() {
    let head = "503 Service Unavailable\r\nContent-Type: text/html; charset=x\r\nRetry-After: 60";
    let problem = refused(head, "<html>busy</html>").await;
    assert_eq!(problem.class, Class::Network);
    assert_eq!(problem.detail, "the CA answered 503 with text/html");
    assert!(problem.retry_after.is_some());
    let portal = refused("200 OK\r\nContent-Type: text/html", "<html>log in</html>").await;
    assert_eq!(portal.detail, "the CA answered 200 with text/html");
    for (head, body) in [
        ("200 OK", "garbage"),
        ("201 Created", "{}"),
        ("302 Found", ""),
    ] {
        assert_eq!(refused(head, body).await.class, Class::Network, "{head}");
    }
    for strange in ["{}", "[]", "null", ""] {
        let problem = refused("400 Bad Request", strange).await;
        assert_eq!(problem.class, Class::Network, "{strange}");
    }
}

#[tokio::test]
async fn renewal_information_is_asked_by_the_certificates_name() {
    let leaf = ca::leaf();
    let path = format!("/ari/{}", ari_id(&leaf).unwrap());
    let ca = Ca::start(move |asked, _| {
        let window = r#"{"suggestedWindow":
            {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}}"#;
        (asked == path).then(|| json("200 OK", window))
    })
    .await;
    let window = ca.connect().await.renewal_info(&leaf).await.unwrap();
    assert_eq!(window.unwrap().start.year(), 2026);
    let without = Ca::start(|_, _| None).await.connect().await;
    assert_eq!(
        without.renewal_info(&leaf).await.unwrap_err().class,
        Class::Network
    );
}

#[tokio::test]
async fn a_certificate_revoked_before_is_revoked() {
    let ca = Ca::start(|path, _| {
        let already = document("alreadyRevoked", "Certificate already revoked");
        (path == "/revoke").then(|| json("400 Bad Request", &already))
    })
    .await;
    let reason = RevocationReason::Superseded;
    assert_eq!(ca.connect().await.revoke(&ca::leaf(), reason).await, Ok(()));
}

/// A job of the scheduler is spawned, so its future must be `Send`.
#[test]
fn what_a_ca_is_asked_can_be_spawned() {
    fn spawnable<F: Future + Send>(_: F) {}
    spawnable(async {
        let client = HttpsClient::load(None).unwrap();
        let settings = Settings {
            directory: String::new(),
            email: None,
            external_account: None,
        };
        let (authority, _) = CertificateAuthority::connect(&client, &settings, None).await?;
        let mut order = authority.place(&[], Some(&[]), None).await?;
        let authorizations = order.authorizations().await?;
        order.ready(&authorizations[0].challenges[0]).await?;
        order.wait_ready().await?;
        order.finalize(&[]).await?;
        order.wait_certificate().await?;
        authority.resume("").await?;
        authority.renewal_info(&[]).await?;
        authority.revoke(&[], RevocationReason::Unspecified).await
    });
}
