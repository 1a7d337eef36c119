//! After a failure `hubgate cert status` reports the cause and the cure.

use crate::acme::{
    authority::{Fault, Refusal, ValidationFailure},
    fixture::PreparedFixture,
};

/// Words of the cure for each validation result; any one of them is enough.
const SENTENCES: [(ValidationFailure, &[&str]); 8] = [
    (ValidationFailure::Refused, &["forward port"]),
    (ValidationFailure::TimeOut, &["CGNAT"]),
    (ValidationFailure::TimeOutOverIpv6, &["AAAA", "IPv6"]),
    (ValidationFailure::NoName, &["knows no address"]),
    (
        ValidationFailure::NameServersFail,
        &["name servers of home.test"],
    ),
    (ValidationFailure::Stranger, &["another web server"]),
    (
        ValidationFailure::SecondaryTimeOut,
        &["country", "countries", "geo"],
    ),
    (ValidationFailure::Caa, &["CAA"]),
];

#[tokio::test]
async fn eight_network_faults_are_reported_in_eight_sentences() {
    let mut sentences = Vec::new();
    for (sight, words) in SENTENCES {
        let prepared = PreparedFixture::new().await;
        prepared.ca.fault(Fault::Unproven(sight));
        let fixture = prepared.start().await;
        let sentence = fixture.status_with(words).await;
        assert!(!sentences.contains(&sentence), "{sight:?}: {sentence}");
        sentences.push(sentence);
    }
}

#[tokio::test]
async fn a_paused_name_is_reported_with_the_page_that_helps() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Refused(Refusal::Paused));
    let fixture = prepared.start().await;
    fixture
        .status_with(&["https://portal.test/sfe/v1/unpause"])
        .await;
}

#[tokio::test]
async fn an_unreachable_ca_is_reported() {
    let prepared = PreparedFixture::new().await;
    prepared.ca.fault(Fault::Reset);
    let fixture = prepared.start().await;
    fixture.status_with(&["127.0.0.1"]).await;
    let ran = fixture.gate.command(&["status"]);
    assert!(ran.stdout.contains("warning: the CA"), "{}", ran.stdout);
    let mut client = fixture.gate.tls().accepting_any_certificate().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
}
