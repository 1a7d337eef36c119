//! How a CA's answers are taken, from a CA that answers as it is told to.

mod ca;

use time::OffsetDateTime;

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
async fn an_order_passes_twenty_refused_nonces() {
    let ca = Ca::start(|path, times| {
        let bad = document("badNonce", "again");
        (path == "/order" && times < 20).then(|| json("400 Bad Request", &bad))
    })
    .await;
    let order = ca.connect().await.place(&home(), None, None).await;
    assert!(order.unwrap().url().ends_with("/order/1"));
}

#[tokio::test]
async fn nonces_that_are_always_refused_are_given_up() {
    let ca = Ca::start(|path, _| {
        let bad = document("badNonce", "again");
        (path == "/order").then(|| json("400 Bad Request", &bad))
    })
    .await;
    let problem = ca.connect().await.place(&home(), None, None).await.err();
    assert_eq!(problem.unwrap().class, Class::Network);
    assert_eq!(ca.asked("/order"), 24);
}

#[tokio::test]
async fn a_binding_that_is_missing_is_told_before_anything_is_asked() {
    let ca = Ca::start(|path, _| {
        let directory =
            DIRECTORY.replace("\"meta\":{", "\"meta\":{\"externalAccountRequired\":true,");
        (path == "/dir").then(|| json("200 OK", &directory))
    })
    .await;
    let problem = ca.try_connect(None).await.err().unwrap();
    assert_eq!(problem.class, Class::Refused);
    assert!(
        problem.detail.contains("external account binding"),
        "{problem}"
    );
    assert_eq!(ca.asked("/account"), 0);
}

#[tokio::test]
async fn a_binding_that_is_wrong_is_a_refusal() {
    let ca = Ca::start(|path, _| {
        let unauthorized = document("unauthorized", "external account key unknown");
        (path == "/account").then(|| json("403 Forbidden", &unauthorized))
    })
    .await;
    assert_eq!(
        ca.try_connect(None).await.err().unwrap().class,
        Class::Refused
    );
}

#[tokio::test]
async fn an_account_is_registered_once_and_taken_up_after() {
    let ca = Ca::start(|_, _| None).await;
    let (first, credentials) = ca.try_connect(None).await.unwrap();
    let credentials = credentials.unwrap();
    let (second, new) = ca.try_connect(Some(&credentials)).await.unwrap();
    assert!(new.is_none());
    assert_eq!(first.account_url(), second.account_url());
    assert_eq!(ca.asked("/account"), 1);
    let elsewhere = Ca::start(|_, _| None).await;
    assert!(
        elsewhere
            .try_connect(Some(&credentials))
            .await
            .unwrap()
            .1
            .is_some()
    );
    let torn = &credentials[..credentials.len() / 2];
    let problem = ca.try_connect(Some(torn)).await.err().unwrap();
    assert_eq!(problem.class, Class::AccountGone);
}

#[tokio::test]
async fn an_address_without_a_directory_is_told() {
    for reply in [
        json("200 OK", "[1]"),
        answer("404 Not Found", "page not found"),
    ] {
        let ca = Ca::start(move |path, _| (path == "/dir").then(|| reply.clone())).await;
        assert_eq!(
            ca.try_connect(None).await.err().unwrap().class,
            Class::Network
        );
    }
}

#[tokio::test]
async fn an_order_the_ca_does_not_give_is_gone() {
    for (head, body) in [
        ("404 Not Found", document("malformed", "No order for ID 7")),
        ("404 Not Found", String::new()),
        ("403 Forbidden", document("unauthorized", "not your order")),
        ("200 OK", ca::order("invalid")),
    ] {
        let ca = Ca::start(move |path, _| (path == "/order/7").then(|| json(head, &body))).await;
        let authority = ca.connect().await;
        let problem = authority.resume(&ca.url("/order/7")).await.err().unwrap();
        assert_eq!(problem.class, Class::OrderGone, "{problem}");
    }
}

#[tokio::test]
async fn an_account_that_is_gone_is_not_an_order_that_is() {
    let ca = Ca::start(|path, _| {
        let gone = document("accountDoesNotExist", "who?");
        (path == "/order/7").then(|| json("400 Bad Request", &gone))
    })
    .await;
    let problem = ca.connect().await.resume(&ca.url("/order/7")).await.err();
    assert_eq!(problem.unwrap().class, Class::AccountGone);
}

#[tokio::test]
async fn a_ca_that_stays_at_work_is_left_until_later() {
    let ca =
        Ca::start(|path, _| (path == "/order/1").then(|| json("200 OK", &ca::order("processing"))))
            .await;
    let order = ca
        .connect()
        .await
        .resume(&ca.url("/order/1"))
        .await
        .unwrap();
    let mut order = order.with_patience(std::time::Duration::from_millis(300));
    assert_eq!(order.status(), OrderStatus::Processing);
    order.finalize(b"not sent again").await.unwrap();
    let problem = order.wait_certificate().await.unwrap_err();
    assert_eq!(problem.class, Class::Network);
    assert_eq!(ca.asked("/finalize"), 0);
}

#[tokio::test]
async fn a_request_that_had_arrived_before_is_not_refused() {
    let ca = Ca::start(|path, times| match path {
        "/finalize" => Some(json(
            "403 Forbidden",
            &document("orderNotReady", "processing"),
        )),
        "/order/1" if times == 0 => Some(json("200 OK", &ca::order("ready"))),
        "/order/1" => Some(json("200 OK", &ca::order("valid"))),
        _ => None,
    })
    .await;
    let mut order = ca
        .connect()
        .await
        .resume(&ca.url("/order/1"))
        .await
        .unwrap();
    order.finalize(b"request").await.unwrap();
    assert_eq!(order.wait_certificate().await.unwrap(), "chain");
}

#[tokio::test]
async fn a_failed_validation_names_the_identifier() {
    let ca = Ca::start(|path, times| match path {
        "/order/1" if times > 0 => Some(json("200 OK", &ca::order("invalid"))),
        "/authorization" if times > 0 => Some(json("200 OK", &ca::authorization("invalid"))),
        _ => None,
    })
    .await;
    let mut order = ca
        .connect()
        .await
        .resume(&ca.url("/order/1"))
        .await
        .unwrap();
    let [authorization] = &order.authorizations().await.unwrap()[..] else {
        panic!("one authorization")
    };
    let challenge = &authorization.challenges[0];
    assert!(challenge.key_authorization.starts_with("token."));
    assert_eq!(challenge.dns_value().len(), 43);
    order.ready(challenge).await.unwrap();
    let problem = order.wait_ready().await.unwrap_err();
    assert_eq!(problem.class, Class::Validation);
    assert_eq!(problem.identifier.as_deref(), Some("home.example"));
    assert_eq!(problem.detail, "192.0.2.1: Timeout during connect");
}

#[tokio::test]
async fn faults_of_replaces_have_their_class_whatever_the_type() {
    let leaf = ca::leaf();
    for (kind, detail) in [
        (
            "alreadyReplaced",
            "cannot indicate an order replaces certificate with serial \"1\"",
        ),
        (
            "malformed",
            "Could not validate ARI 'replaces' field :: no such certificate",
        ),
        ("serverInternal", "Could not validate ARI 'replaces' field"),
    ] {
        let body = document(kind, detail);
        let ca =
            Ca::start(move |path, _| (path == "/order").then(|| json("409 Conflict", &body))).await;
        let problem = ca
            .connect()
            .await
            .place(&home(), Some(&leaf), None)
            .await
            .err();
        assert_eq!(problem.unwrap().class, Class::AlreadyReplaced, "{kind}");
    }
    // A CA that does not repeat the field has not taken it.
    let ca = Ca::start(|_, _| None).await;
    let problem = ca
        .connect()
        .await
        .place(&home(), Some(&leaf), None)
        .await
        .err();
    assert_eq!(problem.unwrap().class, Class::AlreadyReplaced);
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

#[tokio::test]
async fn the_cas_clock_is_read_from_its_answers() {
    let ca = Ca::start(|path, _| {
        let date = "200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT";
        (path == "/dir").then(|| json(date, DIRECTORY))
    })
    .await;
    let skew = ca.connect().await.clock_skew().unwrap();
    assert!(skew < Duration::days(-50 * 365), "{skew}");
}

#[tokio::test]
async fn an_unknown_profile_is_not_asked_for() {
    let ca = Ca::start(|_, _| None).await;
    let problem = ca
        .connect()
        .await
        .place(&home(), None, Some("huge"))
        .await
        .err();
    assert_eq!(problem.unwrap().class, Class::InvalidProfile);
    assert_eq!(ca.asked("/order"), 0);
}

#[test]
fn secrets_are_not_shown() {
    let external_account = Some(ExternalAccount {
        key_id: "kid-1".into(),
        hmac_key: "secret".into(),
    });
    let settings = Settings {
        directory: "https://ca.example/dir".into(),
        email: None,
        external_account,
    };
    let shown = format!("{settings:?}");
    assert!(
        shown.contains("kid-1") && !shown.contains("secret"),
        "{shown}"
    );
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
