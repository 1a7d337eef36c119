//! Armed faults strike at the given endpoint, the given number of times.

use std::time::Duration;

use instant_acme::ExternalAccountKey;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::OffsetDateTime;

use super::Fixture;
use crate::acme::{
    authority::{Endpoint, Fault, Refusal, RetryAfter, ValidationFailure},
    client::Client,
};

#[tokio::test]
async fn faults_of_the_connection_are_errors_and_end() {
    let fixture = Fixture::new().await;
    for fault in [Fault::Reset, Fault::Lost, Fault::Truncated, Fault::Html] {
        fixture
            .ca
            .fault(fault.clone().at(Endpoint::NewOrder).times(1));
        assert!(fixture.issue().await.is_err(), "{fault:?}");
        fixture.issue().await.unwrap();
    }
    // The lost and truncated responses belong to accepted orders.
    assert_eq!(fixture.ca.orders().len(), 4 + 2);
}

#[tokio::test]
async fn a_slow_response_arrives_complete() {
    let fixture = Fixture::new().await;
    let drip = Fault::Drip(Duration::from_millis(1));
    fixture.ca.fault(drip.at(Endpoint::Certificate));
    fixture.issue().await.unwrap();
}

#[tokio::test]
async fn a_black_hole_never_answers() {
    let fixture = Fixture::new().await;
    fixture.ca.fault(Fault::BlackHole.at(Endpoint::NewOrder));
    let client = fixture.client().await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(200), fixture.issue_to(&client));
    assert!(waiting.await.is_err());
    assert_eq!(fixture.ca.requests_to(Endpoint::NewOrder).len(), 1);
}

#[tokio::test]
async fn refusals_are_described_in_the_problem_document() {
    let fixture = Fixture::new().await;
    let soon = OffsetDateTime::now_utc() + Duration::from_secs(90);
    for (refusal, kind) in [
        (Refusal::RateLimited(RetryAfter::Seconds(7)), "rateLimited"),
        (Refusal::RateLimited(RetryAfter::Date(soon)), "rateLimited"),
        (
            Refusal::RateLimited(RetryAfter::Text(soon)),
            "retry after 20",
        ),
        (Refusal::Paused, "unpause"),
        (Refusal::AlreadyReplaced, "alreadyReplaced"),
        (Refusal::InvalidProfile, "invalidProfile"),
        (Refusal::AccountDoesNotExist, "accountDoesNotExist"),
        (Refusal::RejectedIdentifier, "rejectedIdentifier"),
        (Refusal::Caa, "caa"),
        (Refusal::BadCsr, "badCSR"),
        (Refusal::ExternalAccountRequired, "externalAccountRequired"),
    ] {
        fixture.ca.fault(Fault::Refused(refusal).times(1));
        let error = fixture.issue().await.unwrap_err().to_string();
        assert!(error.contains(kind), "{error}");
    }
    fixture.issue().await.unwrap();
}

#[tokio::test]
async fn a_few_bad_nonces_are_retried() {
    let fixture = Fixture::new().await;
    fixture
        .ca
        .fault(Fault::BadNonce.at(Endpoint::NewOrder).times(2));
    fixture.issue().await.unwrap();
    assert_eq!(fixture.ca.requests_to(Endpoint::NewOrder).len(), 3);
}

#[tokio::test]
async fn forgotten_accounts_do_not_exist() {
    let fixture = Fixture::new().await;
    let client = fixture.client().await.unwrap();
    fixture.ca.forget_accounts();
    let error = fixture.issue_to(&client).await.unwrap_err().to_string();
    assert!(error.contains("accountDoesNotExist"), "{error}");
}

#[tokio::test]
async fn an_order_is_stuck_until_the_fault_is_removed() {
    let fixture = Fixture::new().await;
    fixture.ca.fault(Fault::Stuck.times(2));
    fixture.issue().await.unwrap();
    // Finalize and a first poll; the second poll finds it.
    assert!(fixture.ca.requests_to(Endpoint::Order).len() >= 2);
}

#[tokio::test]
async fn injected_faults_spoil_certificates() {
    let fixture = Fixture::new().await;
    let now = OffsetDateTime::now_utc();
    for (fault, good) in [
        (Fault::WrongName, "wrong.test"),
        (Fault::WrongKey, "home.test"),
        (Fault::NoIntermediate, "home.test"),
    ] {
        fixture.ca.fault(fault.times(1));
        let chain = fixture.issue().await.unwrap();
        let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&leaf).into_owned();
        assert!(text.contains(good));
    }
    for fault in [Fault::Empty, Fault::Garbage] {
        fixture.ca.fault(fault.times(1));
        let chain = fixture.issue().await.unwrap();
        let good = CertificateDer::from_pem_slice(chain.as_bytes());
        assert!(good.is_err() || good.unwrap().as_ref() == b"not a certificate");
    }
    for fault in [
        Fault::Expired,
        Fault::NotYetValid,
        Fault::Life(Duration::from_secs(20)),
    ] {
        fixture.ca.fault(fault.times(1));
        fixture.issue().await.unwrap();
    }
    let issued = fixture.ca.issued();
    assert!(issued[5].not_after < now);
    assert!(issued[6].not_before > now);
    assert_eq!(
        issued[7].not_after - issued[7].not_before,
        Duration::from_secs(20)
    );
}

#[tokio::test]
async fn injected_faults_fail_validations() {
    let fixture = Fixture::new().await;
    for (sight, words) in [
        (ValidationFailure::Refused, "Connection refused"),
        (
            ValidationFailure::TimeOut,
            "203.0.113.7: Fetching http://home.test/",
        ),
        (ValidationFailure::TimeOutOverIpv6, "2001:db8::7: Fetching"),
        (
            ValidationFailure::NoName,
            "NXDOMAIN looking up A for home.test",
        ),
        (ValidationFailure::NameServersFail, "SERVFAIL"),
        (ValidationFailure::Stranger, "Invalid response"),
        (
            ValidationFailure::SecondaryTimeOut,
            "During secondary validation",
        ),
        (ValidationFailure::Caa, "CAA record"),
    ] {
        fixture.ca.fault(Fault::Unproven(sight).times(1));
        assert!(fixture.issue().await.is_err(), "{sight:?}");
        let failed = fixture.ca.failed_validations().pop().unwrap();
        assert!(failed.error.unwrap().contains(words), "{sight:?}");
    }
    // Only the secondary one was validated from here.
    assert_eq!(fixture.hub.requests().len(), 1);
}

#[tokio::test]
async fn only_the_external_account_is_accepted() {
    let secret = b"a secret of thirty-two bytes, yes".to_vec();
    let account = Some(("kid-1", secret.clone()));
    let fixture = Fixture::with(|options| options.external_account = account).await;
    let (directory, root) = (fixture.ca.directory(), fixture.ca.ca_pem());
    assert!(fixture.client().await.is_err());
    for (kid, secret, good) in [
        ("kid-1", &b"another secret"[..], false),
        ("kid-2", &secret[..], false),
        ("kid-1", &secret[..], true),
    ] {
        let key = ExternalAccountKey::new(kid.to_owned(), secret);
        let client = Client::register_with(&directory, &root, Some(&key)).await;
        assert_eq!(client.is_ok(), good);
    }
}

#[tokio::test]
async fn an_injected_fault_sets_a_wrong_date() {
    let fixture = Fixture::new().await;
    fixture.ca.fault(Fault::Date(365 * 24 * 3600));
    let date = date(&fixture).await;
    let next = OffsetDateTime::now_utc() + time::Duration::days(365);
    assert!(date.contains(&next.year().to_string()), "{date}");
}

async fn date(fixture: &Fixture) -> String {
    let request = http::Request::get(fixture.ca.directory())
        .body(instant_acme::BodyWrapper::default())
        .unwrap();
    let https = crate::acme::client::Https::trusting(&fixture.ca.ca_pem());
    let answer = https.send(request).await.unwrap();
    answer.headers()["date"].to_str().unwrap().to_owned()
}
