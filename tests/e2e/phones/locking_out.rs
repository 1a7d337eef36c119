//! Revoked devices, and devices with a renewed certificate.

use crate::harness::{DEADLINE, eventually, within};

use super::fixture::Fixture;

#[tokio::test]
async fn connections_of_a_revoked_device_end_and_the_page_names_the_device() {
    let fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna's phone").await);
    let ben = fixture.away().showing(fixture.enrol("Ben").await);
    let mut hers = anna.websocket("/ws", &[]).await.unwrap();
    let mut his = ben.websocket("/ws", &[]).await.unwrap();
    let mut kept = anna.http1().await;
    assert_eq!(kept.get("/").await.status, 200);
    let revoked = fixture.client(&["revoke", "Anna's phone"]).ended().await;
    assert_eq!(
        revoked.stdout,
        "revoked Anna's phone; open connections are closed"
    );
    while within("her WebSocket ends", hers.receive()).await.is_some() {}
    eventually(DEADLINE, "her connection ends", async || kept.is_closed()).await;
    let answer = super::fixture::get(&anna, "/").await;
    assert_eq!(answer.status, 495);
    let text = answer.text();
    assert!(
        text.contains("Anna's phone") && text.contains("revoked"),
        "{text}"
    );
    assert_eq!(his.exchange("still there?").await, "still there?");
}

#[tokio::test]
async fn a_revocation_acts_in_a_process_that_has_handed_over() {
    let mut fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    let mut hers = anna.websocket("/ws", &[]).await.unwrap();
    fixture.gate.take_over().await;
    assert_eq!(
        fixture.client(&["revoke", "Anna"]).ended().await.status,
        Some(0)
    );
    while within("her WebSocket ends", hers.receive()).await.is_some() {}
    assert_eq!(anna.fetch("/").await.status, 495);
}

#[tokio::test]
async fn revoking_an_unknown_device_revokes_none() {
    let fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    let ran = fixture.client(&["revoke", "Anna", "Bem"]).ended().await;
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.stdout,
        "no client is named \"Bem\"; there are: \"Anna\""
    );
    assert_eq!(anna.fetch("/").await.status, 200);
}

#[tokio::test]
async fn a_renewed_certificate_ends_the_old_one_when_it_is_first_shown() {
    let fixture = Fixture::start().await;
    let old = fixture.away().showing(fixture.enrol("Anna").await);
    let invitation = fixture.invited_by(&["renew", "Anna"]).await;
    let page = invitation.page(&fixture.home()).await;
    let new = fixture.away().showing(fixture.take(&page).await);
    assert_eq!(old.fetch("/").await.status, 200);
    assert_eq!(new.fetch("/").await.status, 200);
    eventually(DEADLINE, "the old one ends", async || {
        old.fetch("/").await.status == 495
    })
    .await;
    assert_eq!(new.fetch("/").await.status, 200);
}
