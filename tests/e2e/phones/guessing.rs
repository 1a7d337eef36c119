//! Links and codes: guessed, used twice, or used concurrently.

use std::sync::Arc;

use futures_util::future::join_all;

use super::fixture::{Fixture, get};

#[tokio::test]
async fn three_wrong_codes_end_the_link_for_the_right_one_too() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    for status in [303, 303, 403] {
        let answer = invitation.enter(&invitation.wrong(), &fixture.home()).await;
        assert_eq!(answer.status, status);
    }
    let answer = invitation.enter(&invitation.code, &fixture.home()).await;
    assert_eq!(answer.status, 404);
    let terminal = invitation.terminal.ended().await;
    assert_eq!(terminal.status, Some(1));
    assert!(terminal.stdout.contains("wrong code from 127.0.0.1"));
    assert!(
        terminal.stdout.contains("three wrong codes"),
        "{}",
        terminal.stdout
    );
}

#[tokio::test]
async fn a_wrong_code_leaves_the_right_one_valid() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    for wrong in [
        invitation.wrong().as_str(),
        "",
        "12345678901234567890",
        "abcdef",
    ] {
        let answer = invitation.enter(wrong, &fixture.home()).await;
        assert_eq!(answer.status, 303, "{wrong}");
        if wrong.is_empty() {
            break;
        }
    }
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn reloading_the_page_of_a_wrong_code_costs_no_try() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let answer = invitation.enter(&invitation.wrong(), &fixture.home()).await;
    let page = answer.field("location").expect("a page").to_owned();
    assert!(page.ends_with("?wrong"), "{page}");
    for _ in 0..5 {
        let again = get(&fixture.home(), &page).await;
        assert!(again.text().contains("role=\"alert\""), "{}", again.text());
        assert!(again.text().contains("2</bdi> tries"), "{}", again.text());
    }
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn a_form_that_is_no_form_counts_as_a_wrong_code() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let large = format!("code={}&x={}", invitation.code, "x".repeat(5000));
    let answer = super::fixture::post(&fixture.home(), &invitation.link, &large).await;
    assert_eq!(answer.status, 303);
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn only_one_of_several_phones_wins_a_link() {
    let fixture = Fixture::start().await;
    let invitation = Arc::new(fixture.invite("Anna").await);
    let racers = (0..8).map(|_| {
        let (invitation, client) = (invitation.clone(), fixture.home());
        async move { invitation.enter(&invitation.code, &client).await.status }
    });
    let mut statuses = join_all(racers).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404, 404, 404, 404, 404, 404]);
    let list = fixture.client(&["list", "--json"]).ended().await.stdout;
    assert_eq!(list.matches("\"serial\"").count(), 1);
}

#[tokio::test]
async fn a_used_link_gets_the_response_of_an_unknown_one() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    invitation.page(&fixture.home()).await;
    let used = get(&fixture.home(), &invitation.link).await;
    let guessed = get(&fixture.home(), "/.hubgate/enrol/AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((used.status, guessed.status), (404, 404));
    assert_eq!(used.text(), guessed.text());
    for path in ["", "x/y/z", "/state", "%2e%2e/"] {
        let answer = get(&fixture.home(), &format!("/.hubgate/enrol/{path}")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert!(fixture.hub.requests().is_empty(), "none of it is the hub's");
}

#[tokio::test]
async fn without_own_devices_the_path_is_the_hubs() {
    let hub = crate::hub::Hub::start().await;
    let gate = crate::harness::Setup::home(&hub.url()).start().await;
    gate.tls().fetch("/.hubgate/enrol/x").await;
    hub.request("/.hubgate/enrol/x").await;
}
