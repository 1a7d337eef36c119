//! Orders at a scripted CA, from the nonce to the certificate.

use crate::acme::ca::tests::*;

#[tokio::test]
async fn an_order_survives_twenty_refused_nonces() {
    let ca = Ca::start(|path, times| {
        let bad = document("badNonce", "again");
        (path == "/order" && times < 20).then(|| json("400 Bad Request", &bad))
    })
    .await;
    let order = ca.connect().await.place(&home(), None, None).await;
    assert!(order.unwrap().url().ends_with("/order/1"));
}

#[tokio::test]
async fn an_order_fails_after_24_refused_nonces() {
    let ca = Ca::start(|path, _| {
        let bad = document("badNonce", "again");
        (path == "/order").then(|| json("400 Bad Request", &bad))
    })
    .await;
    let problem = ca.connect().await.place(&home(), None, None).await.err();
    assert_eq!(problem.unwrap().class, Class::Network);
    assert_eq!(ca.requests_to("/order"), 24);
}

#[tokio::test]
async fn an_order_that_is_unknown_or_invalid_is_gone() {
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
async fn a_lost_account_is_not_reported_as_a_lost_order() {
    let ca = Ca::start(|path, _| {
        let gone = document("accountDoesNotExist", "unknown account");
        (path == "/order/7").then(|| json("400 Bad Request", &gone))
    })
    .await;
    let problem = ca.connect().await.resume(&ca.url("/order/7")).await.err();
    assert_eq!(problem.unwrap().class, Class::AccountGone);
}

#[tokio::test]
async fn an_order_that_stays_processing_is_a_network_problem_and_not_finalized_again() {
    let ca =
        Ca::start(|path, _| (path == "/order/1").then(|| json("200 OK", &ca::order("processing"))))
            .await;
    let order = ca.resume_order().await;
    let mut order = order.with_patience(std::time::Duration::from_millis(300));
    assert_eq!(order.status(), OrderStatus::Processing);
    order.finalize(b"not sent again").await.unwrap();
    let problem = order.wait_certificate().await.unwrap_err();
    assert_eq!(problem.class, Class::Network);
    assert_eq!(ca.requests_to("/finalize"), 0);
}

#[tokio::test]
async fn a_processing_order_is_polled_at_growing_intervals_of_at_least_retry_after() {
    let seconds = std::time::Duration::from_secs;
    for (field, most) in [
        ("", 6),
        ("\r\nRetry-After: 1", 4),
        ("\r\nRetry-After: 9", 1),
    ] {
        let head = format!("200 OK{field}");
        let ca = Ca::start(move |path, _| {
            (path == "/order/1").then(|| json(&head, &ca::order("processing")))
        })
        .await;
        let order = ca.connect().await.resume(&ca.url("/order/1")).await;
        let mut order = order.unwrap().with_patience(seconds(3));
        let problem = order.wait_certificate().await.unwrap_err();
        assert_eq!(problem.retry_after, None, "an interval of polls: {field}");
        let polls = ca.requests_to("/order/1");
        assert!((most.min(3)..=most).contains(&polls), "{polls}: {field}");
    }
}

#[tokio::test]
async fn a_long_retry_after_is_passed_to_the_schedule() {
    let ca = Ca::start(|path, _| {
        let head = "200 OK\r\nRetry-After: 3600";
        (path == "/order/1").then(|| json(head, &ca::order("processing")))
    })
    .await;
    let order = ca.connect().await.resume(&ca.url("/order/1")).await;
    let problem = order.unwrap().wait_certificate().await.unwrap_err();
    let wait = problem.retry_after.unwrap() - OffsetDateTime::now_utc();
    assert!((3500..=3600).contains(&wait.whole_seconds()), "{wait}");
    assert_eq!(ca.requests_to("/order/1"), 1);
}

#[tokio::test]
async fn a_finalization_that_the_ca_received_before_is_no_failure() {
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
    let mut order = ca.resume_order().await;
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
    let mut order = ca.resume_order().await;
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
    // A CA that does not repeat `replaces` in its response has ignored it.
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
async fn an_unknown_profile_is_refused_without_a_request() {
    let ca = Ca::start(|_, _| None).await;
    let problem = ca
        .connect()
        .await
        .place(&home(), None, Some("huge"))
        .await
        .err();
    assert_eq!(problem.unwrap().class, Class::InvalidProfile);
    assert_eq!(ca.requests_to("/order"), 0);
}
