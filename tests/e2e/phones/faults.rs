//! Lost and damaged files, too open permissions, a full disk.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use super::house::{House, post, setup};
use crate::{acme::renewal::libfaketime, harness::Hubgate, hub::Hub, real_hub::skip};

fn file(gate: &Hubgate, name: &str) -> PathBuf {
    gate.folder().join("certs/clients").join(name)
}

#[tokio::test]
async fn a_full_disk_issues_nothing_and_leaves_the_link_valid() {
    let house = House::start().await;
    let invitation = house.invite("Anna").await;
    let pid = house.gate.command(&["status", "--json"]).stdout;
    let pid: serde_json::Value = serde_json::from_str(&pid).unwrap();
    // Modes do not stop root; a folder in the file's place does.
    let held = file(&house.gate, &format!("register.json.{}.new", pid["pid"]));
    fs::create_dir(&held).unwrap();
    let answer = invitation.enter(&invitation.code, &house.home()).await;
    assert_eq!(answer.status, 500);
    invitation
        .terminal
        .line_with("no certificate could be issued")
        .await;
    assert!(
        house
            .gate
            .command(&["client", "list"])
            .stdout
            .contains("no device yet")
    );
    fs::remove_dir(held).unwrap();
    invitation.page(&house.home()).await;
}

#[tokio::test]
async fn keys_are_for_their_owner_only_and_closed_when_they_are_not() {
    let mut house = House::start().await;
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key = file(&house.gate, "ca.pem");
    assert_eq!(mode(key.clone()), 0o600);
    assert_eq!(mode(file(&house.gate, "")), 0o700);
    house.gate.kill();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    house.gate.start_again().await;
    assert_eq!(mode(key), 0o600);
}

#[tokio::test]
async fn without_the_key_of_the_ca_devices_enter_and_none_is_added() {
    let mut house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    let path = file(&house.gate, "ca.pem");
    let pem = fs::read_to_string(&path).unwrap();
    let at = pem.find("-----BEGIN CERTIFICATE").unwrap();
    house.gate.kill();
    fs::write(&path, &pem[at..]).unwrap();
    house.gate.start_again().await;
    house.gate.answers_commands().await;
    house.gate.line_with("no private key in it").await;
    assert_eq!(anna.visit("/").await.status, 200);
    let invitation = house.invite("Ben").await;
    let answer = invitation.enter(&invitation.code, &house.home()).await;
    assert_eq!(answer.status, 500);
    let line = invitation
        .terminal
        .line_with("no certificate could be issued")
        .await;
    assert!(line.contains("hubgate client import"), "{line}");
}

#[tokio::test]
async fn a_lost_ca_is_never_quietly_made_anew() {
    let mut house = House::start().await;
    house.enrol("Anna").await;
    house.gate.kill();
    fs::remove_file(file(&house.gate, "ca.pem")).unwrap();
    let check = house.gate.command(&["check"]);
    assert!(
        check.stderr.contains("the client CA is missing"),
        "{}",
        check.stderr
    );
    house.gate.launch_again();
    assert!(!house.gate.ended().await.success());
    house
        .gate
        .line_with("restore the CA with `hubgate client import FILE`")
        .await;
}

#[tokio::test]
async fn a_damaged_register_removes_no_device_and_heals_when_restored() {
    let house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    let register = file(&house.gate, "register.json");
    let good = fs::read_to_string(&register).unwrap();
    fs::write(&register, &good[..20]).unwrap();
    house.gate.line_with("register.json: damaged").await;
    assert_eq!(anna.visit("/").await.status, 200);
    let add = house.client(&["add", "Ben"]).ended().await;
    assert_eq!(add.status, Some(1));
    fs::write(&register, good).unwrap();
    let list = house.gate.command(&["client", "list"]);
    assert!(list.stdout.contains("Anna"), "{}", list.stderr);
}

#[tokio::test]
async fn a_damaged_list_of_revoked_devices_readmits_no_device() {
    let house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    house.client(&["revoke", "Anna"]).ended().await;
    fs::write(file(&house.gate, "ca.crl"), "").unwrap();
    house.gate.line_with("ca.crl").await;
    assert_eq!(anna.visit("/").await.status, 495);
    house.enrol("Ben").await;
    assert_eq!(anna.visit("/").await.status, 495);
    let list = fs::read_to_string(file(&house.gate, "ca.crl")).unwrap();
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
    let house = House { hub, gate };
    let invitation = house.invite("Anna").await;
    let answer = invitation.enter(&invitation.code, &house.home()).await;
    assert_eq!(answer.status, 500);
    invitation
        .terminal
        .line_with("the clock is wrong (2020-01-01)")
        .await;
}

#[tokio::test]
async fn a_process_killed_while_adding_leaves_a_consistent_state() {
    let mut house = House::start().await;
    let anna = house.away().showing(house.enrol("Anna").await);
    for nth in 0..5 {
        let invitation = house.invite(&format!("phone {nth}")).await;
        let (link, code, home) = (
            invitation.link.clone(),
            invitation.code.clone(),
            house.home(),
        );
        let entering =
            tokio::spawn(async move { post(&home, &link, &format!("code={code}")).await });
        house
            .gate
            .line_with(&format!("phone {nth}: right code"))
            .await;
        house.gate.kill();
        // The connection broke, or the response arrived just before.
        let _ = entering.await;
        house.gate.start_again().await;
        house.gate.answers_commands().await;
        assert_eq!(anna.visit("/").await.status, 200);
        let list = house.gate.command(&["client", "list", "--json"]);
        assert_eq!(list.status, Some(0), "{}", list.stderr);
    }
}
