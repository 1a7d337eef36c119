//! `hubgate client list`, `--out`, `export` and `import`.

use serde_json::Value;

use super::fixture::{AWAY, Fixture, opened, setup};
use crate::{harness::Running, hub::Hub};

#[tokio::test]
async fn the_list_shows_each_device_with_time_and_address_last_seen() {
    let fixture = Fixture::start().await;
    let anna = fixture.enrol("Anna's phone").await;
    let serial = anna.serial();
    assert!(
        fixture
            .gate
            .command(&["client", "list"])
            .stdout
            .contains("never")
    );
    fixture.away().showing(anna).fetch("/").await;
    fixture.gate.line_with("seen at").await;
    let table = fixture.gate.command(&["client", "list"]).stdout;
    assert!(table.contains("Anna's phone  good"), "{table}");
    assert!(
        table.contains(&format!("now from {AWAY}")) && table.contains(&serial),
        "{table}"
    );
    let json = fixture.gate.command(&["client", "list", "--json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["standing"], "good");
    assert_eq!(json[0]["serial"], serial.as_str());
    assert_eq!(json[0]["last_seen_from"], AWAY);
}

#[tokio::test]
async fn an_open_invitation_is_shown_again_with_the_same_link_and_code() {
    let fixture = Fixture::start().await;
    let first = fixture.invite("Anna").await;
    let again = fixture.invited_by(&["add", "Anna", "--show"]).await;
    assert_eq!((&again.link, &again.code), (&first.link, &first.code));
    let page = again.page(&fixture.home()).await;
    let anna = fixture.take(&page).await;
    fixture.away().showing(anna).fetch("/").await;
    let (first, again) = (first.terminal.ended().await, again.terminal.ended().await);
    assert!(
        again.stdout.ends_with("Anna is enrolled"),
        "{}",
        again.stdout
    );
    // Its output has both streams.
    assert_eq!(first.status, Some(1), "{}", first.stdout);
    assert!(
        first.stdout.contains("another command now follows"),
        "{}",
        first.stdout
    );
    let used = fixture.gate.command(&["client", "add", "Anna", "--show"]);
    assert_eq!(used.status, Some(1), "{}", used.stdout);
}

#[tokio::test]
async fn a_withdrawn_invitation_admits_no_device() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let withdrawn = fixture
        .gate
        .command(&["client", "add", "Anna", "--withdraw"]);
    assert_eq!(withdrawn.status, Some(0), "{}", withdrawn.stderr);
    let answer = invitation.enter(&invitation.code, &fixture.home()).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert_eq!(invitation.terminal.ended().await.status, Some(1));
    let again = fixture
        .gate
        .command(&["client", "add", "Anna", "--withdraw"]);
    assert_eq!(again.status, Some(1), "{}", again.stdout);
    let unknown = fixture.gate.command(&["client", "add", "Ben", "--show"]);
    assert_eq!(unknown.status, Some(1), "{}", unknown.stdout);
}

#[tokio::test]
async fn the_last_seen_time_of_a_device_survives_the_shutdown() {
    let mut fixture = Fixture::start().await;
    let anna = fixture.enrol("Anna").await;
    fixture.away().showing(anna).fetch("/").await;
    fixture.gate.line_with("seen at").await;
    fixture.gate.terminate();
    fixture.gate.ended().await;
    let table = fixture.gate.command(&["client", "list"]).stdout;
    assert!(table.contains(&format!("from {AWAY}")), "{table}");
}

#[tokio::test]
async fn files_are_made_without_a_link_and_without_a_running_process() {
    let hub = Hub::start().await;
    let mut gate = setup(&hub, "").start().await;
    gate.terminate();
    gate.ended().await;
    let made = gate.command(&["client", "add", "Anna's phone", "--out", "files"]);
    assert_eq!(made.status, Some(0), "{}", made.stderr);
    let again = gate.command(&["client", "add", "Ben", "--out", "files"]);
    assert_eq!(again.status, Some(0), "{}", again.stderr);
    let taken = gate.command(&["client", "renew", "Ben", "--out", "files"]);
    assert!(
        taken.stderr.contains("ben.p12: cannot be made"),
        "{}",
        taken.stderr
    );
    let password = made
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("password  "));
    let file = std::fs::read(gate.folder().join("files/annas-phone.p12")).unwrap();
    let anna = opened(&file, password.unwrap(), gate.folder());
    for other in ["ohp12", "mobileconfig"] {
        assert!(
            gate.folder()
                .join(format!("files/annas-phone.{other}"))
                .exists()
        );
    }
    gate.start_again().await;
    let anna = gate.tls().from(AWAY).showing(anna);
    assert_eq!(anna.fetch("/").await.status, 200);
}

#[tokio::test]
async fn a_restored_backup_admits_the_devices_on_a_new_machine() {
    let fixture = Fixture::start().await;
    let anna = fixture.enrol("Anna").await;
    let ben = fixture.enrol("Ben").await;
    fixture.client(&["revoke", "Ben"]).ended().await;
    let backup = fixture.gate.folder().join("backup");
    let backup = backup.to_str().unwrap();
    assert_eq!(
        typed(fixture.client(&["export", backup]), "short").await,
        Some(1)
    );
    assert_eq!(
        typed(fixture.client(&["export", backup]), "correct horse").await,
        Some(0)
    );
    let exported = std::fs::read_to_string(backup).unwrap();
    assert!(!exported.contains("PRIVATE KEY") && !exported.contains("Anna"));

    let new = Fixture::start().await;
    let import = || new.client(&["import", backup, "--replace"]);
    assert_eq!(
        typed(new.client(&["import", backup]), "correct horse").await,
        Some(1)
    );
    assert_eq!(typed(import(), "wrong horse").await, Some(1));
    assert_eq!(typed(import(), "correct horse").await, Some(0));
    assert_eq!(new.away().showing(anna).fetch("/").await.status, 200);
    assert_eq!(new.away().showing(ben).fetch("/").await.status, 495);
    assert!(
        new.gate
            .command(&["client", "list"])
            .stdout
            .contains("Anna")
    );
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_reported_in_log_and_status() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invited_by(&["add", "Anna", "--days", "20"]).await;
    invitation.page(&fixture.home()).await;
    fixture
        .gate
        .line_with("the certificate of \"Anna\" ends on")
        .await;
    let status = fixture.gate.command(&["status"]).stdout;
    assert!(
        status.contains("renew it with `hubgate client renew \"Anna\"`"),
        "{status}"
    );
    assert!(
        fixture
            .gate
            .command(&["client", "list"])
            .stdout
            .contains("ends soon")
    );
}

async fn typed(mut command: Running, passphrase: &str) -> Option<i32> {
    command.types(passphrase);
    command.ended().await.status
}
