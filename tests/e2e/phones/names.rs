//! Names that are taken, unknown or odd.

use super::fixture::{Fixture, get};

#[tokio::test]
async fn a_taken_name_is_refused_and_an_unknown_one_is_not_renewed() {
    let fixture = Fixture::start().await;
    fixture.enrol("Anna").await;
    let taken = fixture.client(&["add", "Anna"]).ended().await;
    assert_eq!(taken.status, Some(1));
    assert!(
        taken
            .stdout
            .contains("there is a client named \"Anna\" already"),
        "{}",
        taken.stdout
    );
    let unknown = fixture.client(&["renew", "Ben"]).ended().await;
    assert!(
        unknown
            .stdout
            .contains("no client is named \"Ben\"; there are: \"Anna\"")
    );
    let _ben = fixture.invite("Ben").await;
    let twice = fixture.client(&["add", "Ben"]).ended().await;
    assert!(
        twice.stdout.contains("\"Ben\" is invited already"),
        "{}",
        twice.stdout
    );
}

#[tokio::test]
async fn names_of_any_script_pass_through_certificate_file_page_and_header() {
    let fixture = Fixture::with(", client_headers: x-ssl-client").await;
    for (name, plain, dn) in [
        (
            "הטלפון של אמא",
            "device.p12",
            "CN=\\D7\\94\\D7\\98\\D7\\9C\\D7\\A4\\D7\\95\\D7\\9F \\D7\\A9\\D7\\9C \\D7\\90\\D7\\9E\\D7\\90,O=hubgate",
        ),
        ("Ben 📱", "ben.p12", "CN=Ben \\F0\\9F\\93\\B1,O=hubgate"),
        (
            "\"><script>,=+",
            "script.p12",
            "CN=\\\"\\>\\<script\\>\\,=\\+,O=hubgate",
        ),
    ] {
        let invitation = fixture.invite(name).await;
        let page = invitation.page(&fixture.home()).await;
        let shown = get(&fixture.home(), &page).await.text().into_owned();
        assert!(!shown.contains("\"><script>,"), "{shown}");
        let file = get(&fixture.home(), &format!("{page}/x.p12")).await;
        let disposition = file.field("content-disposition").unwrap();
        assert!(
            disposition.contains(&format!("filename=\"{plain}\"")),
            "{disposition}"
        );
        let leaf = fixture.take(&page).await;
        let target = format!("/{plain}");
        assert_eq!(
            fixture.away().showing(leaf).fetch(&target).await.status,
            200
        );
        let request = fixture.hub.request(&target).await;
        assert_eq!(request.field("x-ssl-client-s-dn"), Some(dn));
    }
}

#[tokio::test]
async fn a_name_that_changes_its_surrounding_text_is_refused() {
    let fixture = Fixture::start().await;
    for (name, why) in [
        ("", "the name is empty"),
        ("a\nb", "U+000A"),
        ("a\u{202e}b", "U+202E"),
        (&"x".repeat(65), "65 characters"),
    ] {
        let ran = fixture.client(&["add", name]).ended().await;
        assert_eq!(ran.status, Some(1), "{name:?}");
        assert!(ran.stdout.contains(why), "{}", ran.stdout);
    }
}
