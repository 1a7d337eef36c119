//! No fault of a CA or its network stops hubgate for ever or makes it flood the CA.

use std::time::Duration;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal, ValidationFailure},
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE, served},
    },
    harness::{DEADLINE, eventually},
};

/// Time in which each cause is reported.
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn connection_faults_are_retried_at_each_endpoint() {
    for fault in [
        Fault::Reset,
        Fault::Truncated,
        Fault::Html,
        Fault::Drip(Duration::from_millis(2)),
    ] {
        let prepared = PreparedFixture::new().await;
        for endpoint in [
            Endpoint::Directory,
            Endpoint::NewNonce,
            Endpoint::NewAccount,
            Endpoint::NewOrder,
            Endpoint::Authorization,
            Endpoint::Challenge,
            Endpoint::Finalize,
            Endpoint::Certificate,
        ] {
            prepared.ca.fault(fault.clone().at(endpoint).times(1));
        }
        let fixture = prepared.start().await;
        // Each attempt may meet the next fault: have it try at once.
        eventually(RETRY_DEADLINE, "it gets there", async || {
            fixture.renew().await;
            let shown = served(&fixture.gate).await;
            let issued = fixture.ca.issued();
            issued
                .iter()
                .any(|one| Some(&*one.certificate) == shown.as_deref())
        })
        .await;
    }
}

#[tokio::test]
async fn a_ca_that_never_answers_does_not_hold_up_the_hub() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::BlackHole.at(Endpoint::Directory));
    let fixture = prepared.start().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::Directory, 1)
        .await;
    let mut client = fixture.gate.tls().accepting_any_certificate().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
    fixture.ca.heal();
    fixture.serves_within(RETRY_DEADLINE, 1).await;
}

#[tokio::test]
async fn an_order_that_the_ca_does_not_finish_is_reported_within_a_minute() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Stuck);
    let fixture = prepared.start().await;
    eventually(MINUTE, "the journal names the cause", async || {
        fixture
            .gate
            .printed()
            .contains("still at work on the order")
    })
    .await;
    fixture.status_with(&["still at work on the order"]).await;
}

#[tokio::test]
async fn a_clock_that_the_ca_shows_to_be_wrong_orders_nothing() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Date(3 * 24 * 3600));
    let fixture = prepared.start().await;
    fixture.status_with(&["the clock is wrong"]).await;
    assert_eq!(fixture.ca.requests_to(Endpoint::NewOrder).len(), 0);
    let ran = fixture.gate.commanded(&["cert", "test", "home.test"]).await;
    assert!(ran.stderr.contains("the clock is wrong"), "{}", ran.stderr);
    assert_eq!(fixture.ca.requests_to(Endpoint::NewOrder).len(), 0);
    fixture.ca.heal();
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    assert_eq!(fixture.ca.orders().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_to_the_challenge_does_not_end_the_order() {
    for (at, fault) in [
        (Endpoint::Challenge, Fault::Lost),
        (Endpoint::Challenge, Fault::Truncated),
        (Endpoint::Challenge, Fault::Html),
        (Endpoint::Order, Fault::Html),
        (Endpoint::Authorization, Fault::Reset),
        (Endpoint::Finalize, Fault::Lost),
        (Endpoint::Finalize, Fault::Html),
        (Endpoint::Certificate, Fault::Html),
    ] {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(Fault::Late(Duration::from_millis(300)));
        prepared.ca.fault(fault.clone().at(at).times(1));
        let fixture = prepared.start().await;
        fixture.serves(1).await;
        let (orders, issued) = (fixture.ca.orders().len(), fixture.ca.issued().len());
        assert_eq!((orders, issued), (1, 1), "{fault:?} at {at:?}");
        assert_eq!(
            fixture.ca.failed_validations().len(),
            0,
            "{fault:?} at {at:?}"
        );
    }
}

#[tokio::test]
async fn the_nonce_of_a_failed_response_signs_the_next_request() {
    for endpoint in [
        Endpoint::Authorization,
        Endpoint::Challenge,
        Endpoint::Finalize,
    ] {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(Fault::Html.at(endpoint).times(1));
        let fixture = prepared.start().await;
        fixture.serves(1).await;
        let nonces = fixture.ca.requests_to(Endpoint::NewNonce).len();
        assert_eq!(nonces, 0, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_proof_stays_published_while_the_ca_may_still_validate() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Late(Duration::from_secs(14)));
    prepared.ca.fault(Fault::Html.at(Endpoint::Order).times(4));
    let fixture = prepared.start().await;
    // The attempt ends before the CA validates.
    fixture.status_with(&["does not answer sensibly"]).await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    assert_eq!(fixture.ca.failed_validations().len(), 0);
    assert_eq!(
        (fixture.ca.orders().len(), fixture.ca.issued().len()),
        (1, 1)
    );
}

#[tokio::test]
async fn many_bad_nonces_are_retried_in_one_order() {
    let prepared = PreparedFixture::new().await;
    prepared
        .ca
        .fault(Fault::BadNonce.at(Endpoint::NewOrder).times(6));
    let fixture = prepared.start().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    assert_eq!(fixture.ca.orders().len(), 1);
}

#[tokio::test]
async fn no_failure_of_validation_is_repeated_more_than_three_times_an_hour() {
    for sight in [
        ValidationFailure::Refused,
        ValidationFailure::TimeOut,
        ValidationFailure::TimeOutOverIpv6,
        ValidationFailure::NoName,
        ValidationFailure::NameServersFail,
        ValidationFailure::Stranger,
        ValidationFailure::SecondaryTimeOut,
        ValidationFailure::Caa,
    ] {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(Fault::Unproven(sight));
        let mut fixture = prepared.start().await;
        for _ in 0..5 {
            fixture
                .wait_for_requests(DEADLINE, Endpoint::Challenge, 1)
                .await;
            fixture.renew().await;
            fixture.gate.kill();
            fixture.gate.start_again().await;
        }
        let failed = fixture.ca.failed_validations().len();
        assert!((1..=3).contains(&failed), "{failed} after {sight:?}");
    }
}

#[tokio::test]
async fn a_spoilt_certificate_is_never_served() {
    for fault in [
        Fault::WrongKey,
        Fault::WrongName,
        Fault::Expired,
        Fault::Empty,
        Fault::Garbage,
    ] {
        let fixture = Fixture::issued().await;
        let good = served(&fixture.gate).await;
        fixture.ca.fault(fault.clone());
        fixture.renew().await;
        fixture
            .wait_for_requests(DEADLINE, Endpoint::Certificate, 2)
            .await;
        fixture.status_with(&["cannot be served"]).await;
        assert_eq!(served(&fixture.gate).await, good, "{fault:?}");
    }
}

#[tokio::test]
async fn foreign_certificates_are_left_out_of_the_chain() {
    for fault in [
        Fault::DoubledLeaf,
        Fault::DoubledIntermediate,
        Fault::Foreign,
        Fault::ExpiredIntermediate,
    ] {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(fault.clone());
        let fixture = prepared.start().await;
        fixture.serves(1).await;
        fixture.gate.line_with("is served without: ").await;
        let chain = fixture
            .gate
            .tls()
            .accepting_any_certificate()
            .chain()
            .await
            .unwrap();
        assert_eq!(chain.len(), 2, "{fault:?}");
        assert_eq!(fixture.ca.issued().len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_permanent_refusal_of_the_ca_is_not_retried_soon() {
    for refusal in [
        Refusal::RejectedIdentifier,
        Refusal::Caa,
        Refusal::BadCsr,
        Refusal::ExternalAccountRequired,
        Refusal::Paused,
    ] {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(Fault::Refused(refusal.clone()));
        let mut fixture = prepared.start().await;
        fixture
            .status_with(&["gives no certificate", "CAA", "has paused"])
            .await;
        let before = fixture.ca.requests().len();
        fixture.gate.kill();
        fixture.gate.start_again().await;
        fixture
            .status_with(&["gives no certificate", "CAA", "has paused"])
            .await;
        let new = &fixture.ca.requests()[before..];
        let asked = new.iter().filter(|one| one.endpoint == Endpoint::NewOrder);
        assert_eq!(asked.count(), 0, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_lost_account_is_created_again_once() {
    let fixture = Fixture::issued().await;
    fixture.ca.forget_accounts();
    fixture.renew().await;
    fixture.serves_within(RETRY_DEADLINE, 2).await;
    assert_eq!(fixture.ca.requests_to(Endpoint::NewAccount).len(), 2);
}

#[tokio::test]
async fn an_account_with_a_key_changed_elsewhere_is_created_anew() {
    let fixture = Fixture::issued().await;
    fixture.ca.roll_over_accounts();
    fixture.renew().await;
    fixture.serves_within(RETRY_DEADLINE, 2).await;
}

#[tokio::test]
async fn an_order_at_a_relative_location_is_found() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::RelativeLocation);
    let fixture = prepared.start().await;
    fixture.serves(1).await;
}

#[tokio::test]
async fn a_ca_that_requires_user_action_is_reported_with_its_page() {
    let prepared = PreparedFixture::new().await;
    prepared
        .ca
        .fault(Fault::Refused(Refusal::UserActionRequired));
    let fixture = prepared.start().await;
    fixture
        .status_with(&["open https://ca.test/agreement"])
        .await;
}

#[tokio::test]
async fn an_unknown_profile_is_left_out() {
    let prepared = PreparedFixture::new().await;
    prepared
        .ca
        .fault(Fault::Refused(Refusal::InvalidProfile).times(1));
    let fixture = prepared.start().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
}
