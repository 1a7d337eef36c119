//! After a failure `hubgate cert status` reports the cause and the cure.

use crate::acme::{
    authority::{Fault, Refusal, Sight},
    stage::Scene,
};

/// Words of the cure for each validation result; any one of them is enough.
const SENTENCES: [(Sight, &[&str]); 8] = [
    (Sight::Refused, &["forward port"]),
    (Sight::TimeOut, &["CGNAT"]),
    (Sight::TimeOutOverIpv6, &["AAAA", "IPv6"]),
    (Sight::NoName, &["knows no address"]),
    (Sight::NameServersFail, &["name servers of home.test"]),
    (Sight::Stranger, &["another web server"]),
    (Sight::SecondaryTimeOut, &["country", "countries", "geo"]),
    (Sight::Caa, &["CAA"]),
];

#[tokio::test]
async fn eight_network_faults_are_reported_in_eight_sentences() {
    let mut sentences = Vec::new();
    for (sight, words) in SENTENCES {
        let scene = Scene::new().await;
        scene.ca.fault(Fault::Unproven(sight));
        let stage = scene.start().await;
        let sentence = stage.status_with(words).await;
        assert!(!sentences.contains(&sentence), "{sight:?}: {sentence}");
        sentences.push(sentence);
    }
}

#[tokio::test]
async fn a_paused_name_is_reported_with_the_page_that_helps() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Refused(Refusal::Paused));
    let stage = scene.start().await;
    stage
        .status_with(&["https://portal.test/sfe/v1/unpause"])
        .await;
}

#[tokio::test]
async fn an_unreachable_ca_is_reported() {
    let scene = Scene::new().await;
    scene.ca.fault(Fault::Reset);
    let stage = scene.start().await;
    stage.status_with(&["127.0.0.1"]).await;
    let ran = stage.gate.command(&["status"]);
    assert!(ran.stdout.contains("warning: the CA"), "{}", ran.stdout);
    let mut client = stage.gate.tls().accepting_any_certificate().http1().await;
    assert_eq!(client.get("/plain").await.status, 200);
}
