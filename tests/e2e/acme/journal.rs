//! kill -9 at every step of an order loses neither the order nor the certificate.

use crate::acme::{
    authority::{Endpoint, Fault},
    stage::{PATIENCE, Scene},
};

/// Kills hubgate while the CA owes it an answer at the endpoint, and starts it again.
async fn killed_at(endpoint: Endpoint, fault: Fault) -> Scores {
    let scene = Scene::new().await;
    scene.ca.fault(fault.at(endpoint));
    let mut stage = scene.start().await;
    stage.asked(PATIENCE, endpoint, 1).await;
    stage.gate.kill();
    stage.ca.heal();
    stage.gate.start_again().await;
    stage.serves_within(PATIENCE, 1).await;
    Scores {
        orders: stage.ca.orders().len(),
        issued: stage.ca.issued().len(),
        accounts: stage.ca.requests_to(Endpoint::NewAccount).len(),
    }
}

/// How often what was done.
#[derive(Debug, PartialEq, Eq)]
struct Scores {
    orders: usize,
    issued: usize,
    accounts: usize,
}

const ONCE: Scores = Scores {
    orders: 1,
    issued: 1,
    accounts: 1,
};

#[tokio::test]
async fn a_kill_before_the_order_is_answered_leaves_one_order() {
    let scores = killed_at(Endpoint::NewOrder, Fault::BlackHole).await;
    assert_eq!(scores, ONCE);
}

#[tokio::test]
async fn a_kill_while_an_account_is_made_makes_no_second_order() {
    let scores = killed_at(Endpoint::NewAccount, Fault::BlackHole).await;
    assert_eq!((scores.orders, scores.issued), (1, 1));
}

#[tokio::test]
async fn a_kill_during_the_proof_goes_on_with_the_order() {
    for endpoint in [Endpoint::Authorization, Endpoint::Challenge] {
        let scores = killed_at(endpoint, Fault::BlackHole).await;
        assert_eq!(scores, ONCE, "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_kill_at_finalize_goes_on_with_the_order() {
    let scores = killed_at(Endpoint::Finalize, Fault::BlackHole).await;
    assert_eq!(scores, ONCE);
}

#[tokio::test]
async fn a_kill_after_a_lost_answer_to_finalize_gets_the_certificate_that_was_issued() {
    let scores = killed_at(Endpoint::Finalize, Fault::Lost).await;
    assert_eq!(scores, ONCE);
}

#[tokio::test]
async fn a_kill_while_the_order_is_processing_goes_on_with_it() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Stuck);
    let mut stage = scene.start().await;
    stage.asked(PATIENCE, Endpoint::Finalize, 1).await;
    stage.gate.kill();
    stage.ca.heal();
    stage.gate.start_again().await;
    stage.serves_within(PATIENCE, 1).await;
    assert_eq!(stage.ca.orders().len(), 1);
}

#[tokio::test]
async fn a_kill_between_finalize_and_download_gets_the_certificate() {
    for fault in [Fault::BlackHole, Fault::Truncated] {
        let scores = killed_at(Endpoint::Certificate, fault).await;
        assert_eq!(scores, ONCE);
    }
}
