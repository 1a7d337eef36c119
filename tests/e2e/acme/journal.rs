//! SIGKILL at any step of an order loses neither the order nor the certificate.

use std::fs;

use serde_json::{Value, json};

use crate::{
    acme::{
        authority::{Endpoint, Fault},
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE},
    },
    harness::{DEADLINE, Hubgate, eventually},
};

/// Kills hubgate during a request to the endpoint, and starts it again.
async fn killed_at(endpoint: Endpoint, fault: Fault) -> Counts {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(fault.at(endpoint));
    let mut fixture = prepared.start().await;
    fixture.wait_for_requests(RETRY_DEADLINE, endpoint, 1).await;
    fixture.gate.kill();
    fixture.ca.heal();
    fixture.gate.start_again().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    Counts {
        orders: fixture.ca.orders().len(),
        issued: fixture.ca.issued().len(),
        accounts: fixture.ca.requests_to(Endpoint::NewAccount).len(),
    }
}

/// Numbers of orders, issued certificates and account requests.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    orders: usize,
    issued: usize,
    accounts: usize,
}

const ONCE: Counts = Counts {
    orders: 1,
    issued: 1,
    accounts: 1,
};

#[tokio::test]
async fn a_kill_before_the_order_is_answered_leaves_one_order() {
    let counts = killed_at(Endpoint::NewOrder, Fault::BlackHole).await;
    assert_eq!(counts, ONCE);
}

#[tokio::test]
async fn a_kill_while_an_account_is_made_makes_no_second_order() {
    let counts = killed_at(Endpoint::NewAccount, Fault::BlackHole).await;
    assert_eq!((counts.orders, counts.issued), (1, 1));
}

#[tokio::test]
async fn hubgate_resumes_the_order_after_a_kill_during_validation() {
    for endpoint in [Endpoint::Authorization, Endpoint::Challenge] {
        let counts = killed_at(endpoint, Fault::BlackHole).await;
        assert_eq!(counts, ONCE, "{endpoint:?}");
    }
}

#[tokio::test]
async fn hubgate_resumes_the_order_after_a_kill_at_finalize() {
    let counts = killed_at(Endpoint::Finalize, Fault::BlackHole).await;
    assert_eq!(counts, ONCE);
}

#[tokio::test]
async fn a_kill_after_a_lost_answer_to_finalize_gets_the_certificate_that_was_issued() {
    let counts = killed_at(Endpoint::Finalize, Fault::Lost).await;
    assert_eq!(counts, ONCE);
}

#[tokio::test]
async fn hubgate_resumes_a_processing_order_after_a_kill() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Stuck);
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(RETRY_DEADLINE, Endpoint::Finalize, 1)
        .await;
    fixture.gate.kill();
    fixture.ca.heal();
    fixture.gate.start_again().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    assert_eq!(fixture.ca.orders().len(), 1);
}

#[tokio::test]
async fn a_kill_between_finalize_and_download_gets_the_certificate() {
    for fault in [Fault::BlackHole, Fault::Truncated] {
        let counts = killed_at(Endpoint::Certificate, fault).await;
        assert_eq!(counts, ONCE);
    }
}

/// Kills hubgate during its first order; the order's URL has this fault from then on.
async fn killed_with(fault: Fault) -> Fixture {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Stuck.on("/order/0"));
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(RETRY_DEADLINE, Endpoint::Finalize, 1)
        .await;
    fixture.gate.kill();
    fixture.ca.heal();
    fixture.ca.fault(fault.on("/order/0"));
    fixture
}

fn journal(gate: &Hubgate) -> Value {
    let file = gate.folder().join("certs/acme/order/home.test.json");
    let text = fs::read(file).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

#[tokio::test]
async fn a_person_gets_a_new_order_while_the_ca_does_not_finish_the_old_one() {
    for fault in [Fault::Stuck, Fault::BlackHole, Fault::Html] {
        let mut fixture = killed_with(fault.clone()).await;
        fixture.gate.start_again().await;
        fixture
            .wait_for_requests(DEADLINE, Endpoint::Order, 2)
            .await;
        fixture.renew().await;
        fixture.serves(2).await;
        assert_eq!(fixture.ca.orders().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_gets_no_further_is_counted() {
    let mut fixture = killed_with(Fault::Html).await;
    fixture.gate.start_again().await;
    eventually(RETRY_DEADLINE, "the journal counts", async || {
        journal(&fixture.gate)["fruitless"] == 1
    })
    .await;
    assert_eq!(fixture.ca.orders().len(), 1);
}

#[tokio::test]
async fn an_order_that_got_no_further_twice_gives_way_to_a_new_one() {
    for fault in [Fault::Stuck, Fault::BlackHole] {
        let mut fixture = killed_with(fault.clone()).await;
        let mut entry = journal(&fixture.gate);
        entry["fruitless"] = json!(2);
        fixture
            .gate
            .write("certs/acme/order/home.test.json", &entry.to_string());
        fixture.gate.start_again().await;
        fixture.serves_within(RETRY_DEADLINE, 2).await;
        assert_eq!(fixture.ca.orders().len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn an_order_that_was_given_up_and_issued_later_is_taken() {
    let mut fixture = killed_with(Fault::Stuck).await;
    fixture.ca.fault(Fault::Html.at(Endpoint::NewOrder));
    fixture.gate.start_again().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::Order, 2)
        .await;
    fixture.renew().await;
    fixture.ca.heal();
    fixture.renew().await;
    fixture.serves(1).await;
    assert_eq!(
        (fixture.ca.orders().len(), fixture.ca.issued().len()),
        (1, 1)
    );
}
