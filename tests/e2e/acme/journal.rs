//! SIGKILL at any step of an order loses neither the order nor the certificate.

use std::fs;

use serde_json::{Value, json};

use crate::{
    acme::{
        authority::{Endpoint, Fault},
        stage::{PATIENCE, Scene, Stage},
    },
    harness::{DEADLINE, Hubgate, eventually},
};

/// Kills hubgate during a request to the endpoint, and starts it again.
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

/// Numbers of orders, issued certificates and account requests.
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
async fn hubgate_resumes_the_order_after_a_kill_during_validation() {
    for endpoint in [Endpoint::Authorization, Endpoint::Challenge] {
        let scores = killed_at(endpoint, Fault::BlackHole).await;
        assert_eq!(scores, ONCE, "{endpoint:?}");
    }
}

#[tokio::test]
async fn hubgate_resumes_the_order_after_a_kill_at_finalize() {
    let scores = killed_at(Endpoint::Finalize, Fault::BlackHole).await;
    assert_eq!(scores, ONCE);
}

#[tokio::test]
async fn a_kill_after_a_lost_answer_to_finalize_gets_the_certificate_that_was_issued() {
    let scores = killed_at(Endpoint::Finalize, Fault::Lost).await;
    assert_eq!(scores, ONCE);
}

#[tokio::test]
async fn hubgate_resumes_a_processing_order_after_a_kill() {
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

/// Kills hubgate during its first order; the order's URL has this fault from then on.
async fn killed_with(fault: Fault) -> Stage {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Stuck.on("/order/0"));
    let mut stage = scene.start().await;
    stage.asked(PATIENCE, Endpoint::Finalize, 1).await;
    stage.gate.kill();
    stage.ca.heal();
    stage.ca.fault(fault.on("/order/0"));
    stage
}

fn journal(gate: &Hubgate) -> Value {
    let file = gate.folder().join("certs/acme/order/home.test.json");
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[tokio::test]
async fn a_person_gets_a_new_order_while_the_ca_does_not_finish_the_old_one() {
    for fault in [Fault::Stuck, Fault::BlackHole, Fault::Html] {
        let mut stage = killed_with(fault.clone()).await;
        stage.gate.start_again().await;
        stage.asked(DEADLINE, Endpoint::Order, 2).await;
        stage.renew().await;
        stage.serves(2).await;
        assert_eq!(stage.ca.orders().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_gets_no_further_is_counted() {
    let mut stage = killed_with(Fault::Html).await;
    stage.gate.start_again().await;
    eventually(PATIENCE, "the journal counts", async || {
        journal(&stage.gate)["fruitless"] == 1
    })
    .await;
    assert_eq!(stage.ca.orders().len(), 1);
}

#[tokio::test]
async fn an_order_that_got_no_further_twice_gives_way_to_a_new_one() {
    for fault in [Fault::Stuck, Fault::BlackHole] {
        let mut stage = killed_with(fault.clone()).await;
        let mut entry = journal(&stage.gate);
        entry["fruitless"] = json!(2);
        stage
            .gate
            .write("certs/acme/order/home.test.json", &entry.to_string());
        stage.gate.start_again().await;
        stage.serves_within(PATIENCE, 2).await;
        assert_eq!(stage.ca.orders().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_was_given_up_and_issued_later_is_taken() {
    let mut stage = killed_with(Fault::Stuck).await;
    stage.ca.fault(Fault::Html.at(Endpoint::NewOrder));
    stage.gate.start_again().await;
    stage.asked(DEADLINE, Endpoint::Order, 2).await;
    stage.renew().await;
    stage.ca.heal();
    stage.renew().await;
    stage.serves(1).await;
    assert_eq!((stage.ca.orders().len(), stage.ca.issued().len()), (1, 1));
}
