//! Lost and damaged files, too open permissions, a full disk.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use super::fixture::{Fixture, post, setup};
use crate::{acme::renewal::libfaketime, harness::Hubgate, hub::Hub, real_hub::skip};

fn file(gate: &Hubgate, name: &str) -> PathBuf {
    gate.folder().join("certs/clients").join(name)
}

#[tokio::test]
async fn a_full_disk_issues_nothing_and_leaves_the_link_valid() {
    let fixture = Fixture::start().await;
    let invitation = fixture.invite("Anna").await;
    let pid = fixture.gate.command(&["status", "--json"]).stdout;
    let pid: serde_json::Value = serde_json::from_str(&pid).unwrap();
    // Modes do not stop root; a folder in the file's place does.
    let held = file(&fixture.gate, &format!("register.json.{}.new", pid["pid"]));
    fs::create_dir(&held).unwrap();
    let answer = invitation.enter(&invitation.code, &fixture.home()).await;
    assert_eq!(answer.status, 500);
    invitation
        .terminal
        .line_with("no certificate could be issued")
        .await;
    assert!(
        fixture
            .gate
            .command(&["client", "list"])
            .stdout
            .contains("no device yet")
    );
    fs::remove_dir(held).unwrap();
    invitation.page(&fixture.home()).await;
}

#[tokio::test]
async fn keys_are_for_their_owner_only_and_closed_when_they_are_not() {
    let mut fixture = Fixture::start().await;
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key = file(&fixture.gate, "ca.pem");
    assert_eq!(mode(key.clone()), 0o600);
    assert_eq!(mode(file(&fixture.gate, "")), 0o700);
    fixture.gate.kill();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fixture.gate.start_again().await;
    assert_eq!(mode(key), 0o600);
}

#[tokio::test]
async fn without_the_key_of_the_ca_devices_enter_and_none_is_added() {
    let mut fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    let path = file(&fixture.gate, "ca.pem");
    let pem = fs::read_to_string(&path).unwrap();
    let at = pem.find("-----BEGIN CERTIFICATE").unwrap();
    fixture.gate.kill();
    fs::write(&path, &pem[at..]).unwrap();
    fixture.gate.start_again().await;
    fixture.gate.answers_commands().await;
    fixture.gate.line_with("no private key in it").await;
    assert_eq!(anna.fetch("/").await.status, 200);
    let invitation = fixture.invite("Ben").await;
    let answer = invitation.enter(&invitation.code, &fixture.home()).await;
    assert_eq!(answer.status, 500);
    let line = invitation
        .terminal
        .line_with("no certificate could be issued")
        .await;
    assert!(line.contains("hubgate client import"), "{line}");
}

#[tokio::test]
async fn a_lost_ca_is_never_quietly_made_anew() {
    let mut fixture = Fixture::start().await;
    fixture.enrol("Anna").await;
    fixture.gate.kill();
    fs::remove_file(file(&fixture.gate, "ca.pem")).unwrap();
    let check = fixture.gate.command(&["check"]);
    assert!(
        check.stderr.contains("the client CA is missing"),
        "{}",
        check.stderr
    );
    fixture.gate.launch_again();
    assert!(!fixture.gate.ended().await.success());
    fixture
        .gate
        .line_with("restore the CA with `hubgate client import FILE`")
        .await;
}

#[tokio::test]
async fn a_damaged_register_removes_no_device_and_heals_when_restored() {
    let fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    let register = file(&fixture.gate, "register.json");
    let good = fs::read_to_string(&register).unwrap();
    fs::write(&register, &good[..20]).unwrap();
    fixture.gate.line_with("register.json: damaged").await;
    assert_eq!(anna.fetch("/").await.status, 200);
    let add = fixture.client(&["add", "Ben"]).ended().await;
    assert_eq!(add.status, Some(1));
    fs::write(&register, good).unwrap();
    let list = fixture.gate.command(&["client", "list"]);
    assert!(list.stdout.contains("Anna"), "{}", list.stderr);
}

#[tokio::test]
async fn a_damaged_list_of_revoked_devices_readmits_no_device() {
    let fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    fixture.client(&["revoke", "Anna"]).ended().await;
    fs::write(file(&fixture.gate, "ca.crl"), "").unwrap();
    fixture.gate.line_with("ca.crl").await;
    assert_eq!(anna.fetch("/").await.status, 495);
    fixture.enrol("Ben").await;
    assert_eq!(anna.fetch("/").await.status, 495);
    let list = fs::read_to_string(file(&fixture.gate, "ca.crl")).unwrap();
    assert!(list.contains("BEGIN X509 CRL"));
}

#[tokio::test]
async fn a_wrong_clock_issues_nothing() {
    let Some(library) = libfaketime() else {
        return skip("libfaketime");
    };
    let hub = Hub::start().await;
    let gate = setup(&hub, "")
        .variable("LD_PRELOAD", &library.to_string_lossy())
        .variable("FAKETIME", "@2020-01-01 00:00:00")
        .start()
        .await;
    gate.answers_commands().await;
    let fixture = Fixture { hub, gate };
    let invitation = fixture.invite("Anna").await;
    let answer = invitation.enter(&invitation.code, &fixture.home()).await;
    assert_eq!(answer.status, 500);
    invitation
        .terminal
        .line_with("the clock is wrong (2020-01-01)")
        .await;
}

#[tokio::test]
async fn a_process_killed_while_adding_leaves_a_consistent_state() {
    let mut fixture = Fixture::start().await;
    let anna = fixture.away().showing(fixture.enrol("Anna").await);
    for nth in 0..5 {
        let invitation = fixture.invite(&format!("phone {nth}")).await;
        let (link, code, home) = (
            invitation.link.clone(),
            invitation.code.clone(),
            fixture.home(),
        );
        let entering =
            tokio::spawn(async move { post(&home, &link, &format!("code={code}")).await });
        fixture
            .gate
            .line_with(&format!("phone {nth}: right code"))
            .await;
        fixture.gate.kill();
        // The connection broke, or the response arrived just before.
        let _ = entering.await;
        fixture.gate.start_again().await;
        fixture.gate.answers_commands().await;
        assert_eq!(anna.fetch("/").await.status, 200);
        let list = fixture.gate.command(&["client", "list", "--json"]);
        assert_eq!(list.status, Some(0), "{}", list.stderr);
    }
}
