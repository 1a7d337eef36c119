//! No fault of a CA or its network stops hubgate for ever or makes it flood the CA.

use std::time::Duration;

use crate::{
    acme::{
        authority::{Endpoint, Fault, Refusal, Sight},
        stage::{PATIENCE, Scene, Stage, served},
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
        let scene = Scene::new().await;
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
            scene.ca.fault(fault.clone().at(endpoint).times(1));
        }
        let stage = scene.start().await;
        // Each attempt may meet the next fault: have it try at once.
        eventually(PATIENCE, "it gets there", async || {
            stage.renew().await;
            let shown = served(&stage.gate).await;
            let issued = stage.ca.issued();
            issued
                .iter()
                .any(|one| Some(&*one.certificate) == shown.as_deref())
        })
        .await;
    }
}

#[tokio::test]
async fn a_ca_that_never_answers_does_not_hold_up_the_hub() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::BlackHole.at(Endpoint::Directory));
    let stage = scene.start().await;
    stage.asked(DEADLINE, Endpoint::Directory, 1).await;
    let mut client = stage.gate.tls().accepting_any_certificate().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
    stage.ca.heal();
    stage.serves_within(PATIENCE, 1).await;
}

#[tokio::test]
async fn an_order_that_the_ca_does_not_finish_is_reported_within_a_minute() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Stuck);
    let stage = scene.start().await;
    eventually(MINUTE, "the journal names the cause", async || {
        stage.gate.printed().contains("still at work on the order")
    })
    .await;
    stage.status_with(&["still at work on the order"]).await;
}

#[tokio::test]
async fn a_clock_that_the_ca_shows_to_be_wrong_orders_nothing() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Date(3 * 24 * 3600));
    let stage = scene.start().await;
    stage.status_with(&["the clock is wrong"]).await;
    assert_eq!(stage.ca.requests_to(Endpoint::NewOrder).len(), 0);
    let ran = stage.gate.commanded(&["cert", "test", "home.test"]).await;
    assert!(ran.stderr.contains("the clock is wrong"), "{}", ran.stderr);
    assert_eq!(stage.ca.requests_to(Endpoint::NewOrder).len(), 0);
    stage.ca.heal();
    stage.serves_within(PATIENCE, 1).await;
    assert_eq!(stage.ca.orders().len(), 1);
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
        let scene = Scene::new().await;
        scene.ca.fault(Fault::Late(Duration::from_millis(300)));
        scene.ca.fault(fault.clone().at(at).times(1));
        let stage = scene.start().await;
        stage.serves(1).await;
        let (orders, issued) = (stage.ca.orders().len(), stage.ca.issued().len());
        assert_eq!((orders, issued), (1, 1), "{fault:?} at {at:?}");
        assert_eq!(
            stage.ca.failed_validations().len(),
            0,
            "{fault:?} at {at:?}"
        );
    }
}

#[tokio::test]
async fn a_proof_stays_published_while_the_ca_may_still_validate() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Late(Duration::from_secs(14)));
    scene.ca.fault(Fault::Html.at(Endpoint::Order).times(4));
    let stage = scene.start().await;
    // The attempt ends before the CA validates.
    stage.status_with(&["does not answer sensibly"]).await;
    stage.serves_within(PATIENCE, 1).await;
    assert_eq!(stage.ca.failed_validations().len(), 0);
    assert_eq!((stage.ca.orders().len(), stage.ca.issued().len()), (1, 1));
}

#[tokio::test]
async fn many_bad_nonces_are_retried_in_one_order() {
    let scene = Scene::new().await;
    scene
        .ca
        .fault(Fault::BadNonce.at(Endpoint::NewOrder).times(6));
    let stage = scene.start().await;
    stage.serves_within(PATIENCE, 1).await;
    assert_eq!(stage.ca.orders().len(), 1);
}

#[tokio::test]
async fn no_failure_of_validation_is_repeated_more_than_three_times_an_hour() {
    for sight in [
        Sight::Refused,
        Sight::TimeOut,
        Sight::TimeOutOverIpv6,
        Sight::NoName,
        Sight::NameServersFail,
        Sight::Stranger,
        Sight::SecondaryTimeOut,
        Sight::Caa,
    ] {
        let scene = Scene::new().await;
        scene.ca.fault(Fault::Unproven(sight));
        let mut stage = scene.start().await;
        for _ in 0..5 {
            stage.asked(DEADLINE, Endpoint::Challenge, 1).await;
            stage.renew().await;
            stage.gate.kill();
            stage.gate.start_again().await;
        }
        let failed = stage.ca.failed_validations().len();
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
        let stage = Stage::issued().await;
        let good = served(&stage.gate).await;
        stage.ca.fault(fault.clone());
        stage.renew().await;
        stage.asked(DEADLINE, Endpoint::Certificate, 2).await;
        stage.status_with(&["cannot be served"]).await;
        assert_eq!(served(&stage.gate).await, good, "{fault:?}");
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
        let scene = Scene::new().await;
        scene.ca.fault(fault.clone());
        let stage = scene.start().await;
        stage.serves(1).await;
        stage.gate.line_with("is served without: ").await;
        let chain = stage
            .gate
            .tls()
            .accepting_any_certificate()
            .chain()
            .await
            .unwrap();
        assert_eq!(chain.len(), 2, "{fault:?}");
        assert_eq!(stage.ca.issued().len(), 1, "{fault:?}");
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
        let scene = Scene::new().await;
        scene.ca.fault(Fault::Refused(refusal.clone()));
        let mut stage = scene.start().await;
        stage
            .status_with(&["gives no certificate", "CAA", "has paused"])
            .await;
        let before = stage.ca.requests().len();
        stage.gate.kill();
        stage.gate.start_again().await;
        stage
            .status_with(&["gives no certificate", "CAA", "has paused"])
            .await;
        let new = &stage.ca.requests()[before..];
        let asked = new.iter().filter(|one| one.endpoint == Endpoint::NewOrder);
        assert_eq!(asked.count(), 0, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_lost_account_is_created_again_once() {
    let stage = Stage::issued().await;
    stage.ca.forget_accounts();
    stage.renew().await;
    stage.serves_within(PATIENCE, 2).await;
    assert_eq!(stage.ca.requests_to(Endpoint::NewAccount).len(), 2);
}

#[tokio::test]
async fn an_account_with_a_key_changed_elsewhere_is_created_anew() {
    let stage = Stage::issued().await;
    stage.ca.roll_over_accounts();
    stage.renew().await;
    stage.serves_within(PATIENCE, 2).await;
}

#[tokio::test]
async fn an_order_at_a_relative_location_is_found() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::RelativeLocation);
    let stage = scene.start().await;
    stage.serves(1).await;
}

#[tokio::test]
async fn a_ca_that_requires_user_action_is_reported_with_its_page() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Refused(Refusal::UserActionRequired));
    let stage = scene.start().await;
    stage.status_with(&["open https://ca.test/agreement"]).await;
}

#[tokio::test]
async fn an_unknown_profile_is_left_out() {
    let scene = Scene::new().await;
    scene
        .ca
        .fault(Fault::Refused(Refusal::InvalidProfile).times(1));
    let stage = scene.start().await;
    stage.serves_within(PATIENCE, 1).await;
}
