//! Revoked devices, and devices with a renewed certificate.

use crate::harness::{DEADLINE, eventually, within};

use super::house::House;

#[tokio::test]
async fn connections_of_a_revoked_device_end_and_the_page_names_the_device() {
    let house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna's phone").await);
    let ben = house.away().showing(house.enrol("Ben").await);
    let mut hers = anna.websocket("/ws", &[]).await.unwrap();
    let mut his = ben.websocket("/ws", &[]).await.unwrap();
    let mut kept = anna.http1().await;
    assert_eq!(kept.get("/").await.status, 200);
    let revoked = house.client(&["revoke", "Anna's phone"]).ended().await;
    assert_eq!(
        revoked.stdout,
        "revoked Anna's phone; open connections are closed"
    );
    while within("her WebSocket ends", hers.heard()).await.is_some() {}
    eventually(DEADLINE, "her connection ends", async || kept.is_closed()).await;
    let answer = super::house::get(&anna, "/").await;
    assert_eq!(answer.status, 495);
    let text = answer.text();
    assert!(
        text.contains("Anna's phone") && text.contains("revoked"),
        "{text}"
    );
    assert_eq!(his.ask("still there?").await, "still there?");
}

#[tokio::test]
async fn a_revocation_acts_in_a_process_that_has_handed_over() {
    let mut house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    let mut hers = anna.websocket("/ws", &[]).await.unwrap();
    house.gate.take_over().await;
    assert_eq!(
        house.client(&["revoke", "Anna"]).ended().await.status,
        Some(0)
    );
    while within("her WebSocket ends", hers.heard()).await.is_some() {}
    assert_eq!(anna.visit("/").await.status, 495);
}

#[tokio::test]
async fn revoking_an_unknown_device_revokes_none() {
    let house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    let ran = house.client(&["revoke", "Anna", "Bem"]).ended().await;
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.stdout,
        "no client is named \"Bem\"; there are: \"Anna\""
    );
    assert_eq!(anna.visit("/").await.status, 200);
}

#[tokio::test]
async fn a_renewed_certificate_ends_the_old_one_when_it_is_first_shown() {
    let house = House::start().await;
    let old = house.away().showing(house.enrol("Anna").await);
    let invitation = house.invited_by(&["renew", "Anna"]).await;
    let page = invitation.page(&house.home()).await;
    let new = house.away().showing(house.take(&page).await);
    assert_eq!(old.visit("/").await.status, 200);
    assert_eq!(new.visit("/").await.status, 200);
    eventually(DEADLINE, "the old one ends", async || {
        old.visit("/").await.status == 495
    })
    .await;
    assert_eq!(new.visit("/").await.status, 200);
}
