//! Armed faults strike at the given endpoint, the given number of times.

use std::time::Duration;

use instant_acme::ExternalAccountKey;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use time::OffsetDateTime;

use super::Bench;
use crate::acme::{
    authority::{Endpoint, Fault, Refusal, RetryAfter, Sight},
    client::Client,
};

#[tokio::test]
async fn faults_of_the_connection_are_errors_and_end() {
    let bench = Bench::new().await;
    for fault in [Fault::Reset, Fault::Lost, Fault::Truncated, Fault::Html] {
        bench
            .ca
            .fault(fault.clone().at(Endpoint::NewOrder).times(1));
        assert!(bench.issue().await.is_err(), "{fault:?}");
        bench.issue().await.unwrap();
    }
    // The lost and truncated responses belong to accepted orders.
    assert_eq!(bench.ca.orders().len(), 4 + 2);
}

#[tokio::test]
async fn a_slow_response_arrives_complete() {
    let bench = Bench::new().await;
    let drip = Fault::Drip(Duration::from_millis(1));
    bench.ca.fault(drip.at(Endpoint::Certificate));
    bench.issue().await.unwrap();
}

#[tokio::test]
async fn a_black_hole_never_answers() {
    let bench = Bench::new().await;
    bench.ca.fault(Fault::BlackHole.at(Endpoint::NewOrder));
    let client = bench.client().await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(200), bench.issue_to(&client));
    assert!(waiting.await.is_err());
    assert_eq!(bench.ca.requests_to(Endpoint::NewOrder).len(), 1);
}

#[tokio::test]
async fn refusals_are_described_in_the_problem_document() {
    let bench = Bench::new().await;
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
        bench.ca.fault(Fault::Refused(refusal).times(1));
        let error = bench.issue().await.unwrap_err().to_string();
        assert!(error.contains(kind), "{error}");
    }
    bench.issue().await.unwrap();
}

#[tokio::test]
async fn a_few_bad_nonces_are_retried() {
    let bench = Bench::new().await;
    bench
        .ca
        .fault(Fault::BadNonce.at(Endpoint::NewOrder).times(2));
    bench.issue().await.unwrap();
    assert_eq!(bench.ca.requests_to(Endpoint::NewOrder).len(), 3);
}

#[tokio::test]
async fn forgotten_accounts_do_not_exist() {
    let bench = Bench::new().await;
    let client = bench.client().await.unwrap();
    bench.ca.forget_accounts();
    let error = bench.issue_to(&client).await.unwrap_err().to_string();
    assert!(error.contains("accountDoesNotExist"), "{error}");
}

#[tokio::test]
async fn an_order_is_stuck_until_the_fault_is_removed() {
    let bench = Bench::new().await;
    bench.ca.fault(Fault::Stuck.times(2));
    bench.issue().await.unwrap();
    // Finalize and a first poll; the second poll finds it.
    assert!(bench.ca.requests_to(Endpoint::Order).len() >= 2);
}

#[tokio::test]
async fn injected_faults_spoil_certificates() {
    let bench = Bench::new().await;
    let now = OffsetDateTime::now_utc();
    for (fault, good) in [
        (Fault::WrongName, "wrong.test"),
        (Fault::WrongKey, "home.test"),
        (Fault::NoIntermediate, "home.test"),
    ] {
        bench.ca.fault(fault.times(1));
        let chain = bench.issue().await.unwrap();
        let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
        let text = String::from_utf8_lossy(&leaf).into_owned();
        assert!(text.contains(good));
    }
    for fault in [Fault::Empty, Fault::Garbage] {
        bench.ca.fault(fault.times(1));
        let chain = bench.issue().await.unwrap();
        let good = CertificateDer::from_pem_slice(chain.as_bytes());
        assert!(good.is_err() || good.unwrap().as_ref() == b"not a certificate");
    }
    for fault in [
        Fault::Expired,
        Fault::NotYetValid,
        Fault::Life(Duration::from_secs(20)),
    ] {
        bench.ca.fault(fault.times(1));
        bench.issue().await.unwrap();
    }
    let issued = bench.ca.issued();
    assert!(issued[5].not_after < now);
    assert!(issued[6].not_before > now);
    assert_eq!(
        issued[7].not_after - issued[7].not_before,
        Duration::from_secs(20)
    );
}

#[tokio::test]
async fn injected_faults_fail_validations() {
    let bench = Bench::new().await;
    for (sight, words) in [
        (Sight::Refused, "Connection refused"),
        (Sight::TimeOut, "203.0.113.7: Fetching http://home.test/"),
        (Sight::TimeOutOverIpv6, "2001:db8::7: Fetching"),
        (Sight::NoName, "NXDOMAIN looking up A for home.test"),
        (Sight::NameServersFail, "SERVFAIL"),
        (Sight::Stranger, "Invalid response"),
        (Sight::SecondaryTimeOut, "During secondary validation"),
        (Sight::Caa, "CAA record"),
    ] {
        bench.ca.fault(Fault::Unproven(sight).times(1));
        assert!(bench.issue().await.is_err(), "{sight:?}");
        let failed = bench.ca.failed_validations().pop().unwrap();
        assert!(failed.error.unwrap().contains(words), "{sight:?}");
    }
    // Only the secondary one was validated from here.
    assert_eq!(bench.hub.requests().len(), 1);
}

#[tokio::test]
async fn only_the_external_account_is_accepted() {
    let secret = b"a secret of thirty-two bytes, yes".to_vec();
    let account = Some(("kid-1", secret.clone()));
    let bench = Bench::with(|options| options.external_account = account).await;
    let (directory, root) = (bench.ca.directory(), bench.ca.ca_pem());
    assert!(bench.client().await.is_err());
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
    let bench = Bench::new().await;
    bench.ca.fault(Fault::Date(365 * 24 * 3600));
    let date = date(&bench).await;
    let next = OffsetDateTime::now_utc() + time::Duration::days(365);
    assert!(date.contains(&next.year().to_string()), "{date}");
}

async fn date(bench: &Bench) -> String {
    let request = http::Request::get(bench.ca.directory())
        .body(instant_acme::BodyWrapper::default())
        .unwrap();
    let https = crate::acme::client::Https::trusting(&bench.ca.ca_pem());
    let answer = https.send(request).await.unwrap();
    answer.headers()["date"].to_str().unwrap().to_owned()
}
