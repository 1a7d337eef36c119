//! The client against a scripted CA.

mod account;
mod ca;
mod order;

use self::ca::{Ca, DIRECTORY, document, json};
use crate::acme::{
    ca::*,
    testing::{Reply, answer},
};

fn home() -> Vec<Host> {
    vec![Host::Name("home.example".into())]
}

/// Places an order that the CA answers with this response, and returns the problem.
async fn order_problem(head: &'static str, body: &str) -> Problem {
    let body = body.to_owned();
    let ca = Ca::start(move |path, _| (path == "/order").then(|| answer(head, &body))).await;
    let authority = ca.connect().await;
    authority.place(&home(), None, None).await.err().unwrap()
}

#[tokio::test]
async fn retry_after_of_a_rate_limit_is_read_as_seconds_and_as_a_date() {
    let limited = document("rateLimited", "retry after 2030-01-01 00:00:00 UTC");
    let began = OffsetDateTime::now_utc();
    let problem = order_problem("429 Too Many Requests\r\nRetry-After: 3600", &limited).await;
    assert_eq!(problem.class, Class::RateLimited);
    let wait = problem.retry_after.unwrap() - began;
    assert!((3600..3660).contains(&wait.whole_seconds()), "{wait}");
    let dated = "429 Too Many Requests\r\nRetry-After: Thu, 26 Nov 2026 10:00:00 GMT";
    let problem = order_problem(dated, &limited).await;
    let date = time::macros::datetime!(2026-11-26 10:00 UTC);
    assert_eq!(problem.retry_after, Some(date));
    let problem = order_problem("429 Too Many Requests", &limited).await;
    assert_eq!(problem.retry_after.unwrap().year(), 2030);
}

#[tokio::test]
async fn a_page_instead_of_a_problem_document_is_a_network_problem() {
    let head = "503 Service Unavailable\r\nContent-Type: text/html; charset=x\r\nRetry-After: 60";
    let problem = order_problem(head, "<html>busy</html>").await;
    assert_eq!(problem.class, Class::Network);
    assert_eq!(problem.detail, "the CA answered 503 with text/html");
    assert!(problem.retry_after.is_some());
    let portal = order_problem("200 OK\r\nContent-Type: text/html", "<html>log in</html>").await;
    assert_eq!(portal.detail, "the CA answered 200 with text/html");
    for (head, body) in [
        ("200 OK", "garbage"),
        ("201 Created", "{}"),
        ("302 Found", ""),
    ] {
        assert_eq!(
            order_problem(head, body).await.class,
            Class::Network,
            "{head}"
        );
    }
    for unknown in ["{}", "[]", "null", ""] {
        let problem = order_problem("400 Bad Request", unknown).await;
        assert_eq!(problem.class, Class::Network, "{unknown}");
    }
}

#[tokio::test]
async fn renewal_information_is_requested_by_the_certificates_identifier() {
    let leaf = ca::leaf();
    let path = format!("/ari/{}", ari_id(&leaf).unwrap());
    let ca = Ca::start(move |requested, _| {
        let window = r#"{"suggestedWindow":
            {"start": "2026-12-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}}"#;
        (requested == path).then(|| json("200 OK", window))
    })
    .await;
    let window = ca.connect().await.renewal_info(&leaf).await.unwrap();
    assert_eq!(window.unwrap().start.year(), 2026);
    let unsupporting = Ca::start(|_, _| None).await.connect().await;
    assert_eq!(
        unsupporting.renewal_info(&leaf).await.unwrap_err().class,
        Class::Network
    );
}

#[tokio::test]
async fn revoking_a_revoked_certificate_succeeds() {
    let ca = Ca::start(|path, _| {
        let already = document("alreadyRevoked", "Certificate already revoked");
        (path == "/revoke").then(|| json("400 Bad Request", &already))
    })
    .await;
    let reason = RevocationReason::Superseded;
    assert_eq!(ca.connect().await.revoke(&ca::leaf(), reason).await, Ok(()));
}

/// Requires futures that are `Send`, because the schedule spawns its jobs.
#[test]
fn requests_to_a_ca_can_be_spawned() {
    fn spawnable<F: Future + Send>(_: F) {}
    spawnable(async {
        let client = HttpsClient::load(None).unwrap();
        let settings = AccountSettings {
            directory: String::new(),
            email: None,
            external_account: None,
        };
        let (authority, _) = CaClient::connect(&client, &settings, None).await?;
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
