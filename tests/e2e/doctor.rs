//! `hubgate doctor`: a line for each fault, within its time limit.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    time::{Duration, Instant},
};

use rcgen::SanType;
use rustix::process::geteuid;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    harness::{Authority, CommandOutput, HTPASSWD, Port, Setup, foreign, hubgate},
    hub::Hub,
};

/// Longest duration of a whole run, with a reserve for a busy machine.
const MOST: Duration = Duration::from_secs(8);

/// A healthy front door, seen from its own machine.
fn good(hub: &Hub) -> Setup {
    Setup::home(&hub.url())
        .hosts("[localhost]")
        .site("access: {networks: [lan], password: htpasswd}")
        .file("htpasswd", HTPASSWD)
}

/// Returns `doctor`'s findings on a subject: level, cause and cure.
fn findings(ran: &CommandOutput, subject: &str) -> Vec<[String; 3]> {
    let found: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let lines = found
        .iter()
        .filter(|finding| text(finding, "subject") == subject);
    lines
        .map(|finding| ["level", "cause", "cure"].map(|key| text(finding, key)))
        .collect()
}

/// Expects a line of this level that has the parts in cause and cure.
fn assert_found(ran: &CommandOutput, subject: &str, level: &str, [cause, cure]: [&str; 2]) {
    let found = findings(ran, subject);
    let is_found = found
        .iter()
        .any(|line| line[0] == level && line[1].contains(cause) && line[2].contains(cure));
    assert!(
        is_found,
        "{subject}: {level} {cause} {cure}\n{}",
        ran.stdout
    );
    let expected = i32::from(ran.stdout.contains("\"fail\""));
    assert_eq!(ran.status, Some(expected), "{}", ran.stdout);
}

fn examine(folder: &Path) -> CommandOutput {
    let begin = Instant::now();
    let ran = hubgate(folder, &["doctor", "--json"]);
    assert!(begin.elapsed() < MOST, "{:?}", begin.elapsed());
    ran
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_front_door_has_no_findings() {
    let hub = Hub::start().await;
    let setup = good(&hub);
    let (https, http) = (setup.https().number(), setup.http().number());
    let gate = setup.start().await;
    gate.answers_commands().await;
    let ran = gate.commanded(&["doctor", "--json"]).await;
    assert_eq!(ran.status, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert_found(&ran, "process", "ok", ["runs as process", ""]);
    for port in [https, http] {
        assert_found(&ran, &format!("port {port}"), "ok", ["hubgate listens", ""]);
    }
    assert_found(&ran, &format!("hub {}", hub.url()), "ok", ["responds", ""]);
    assert_found(&ran, "certificate localhost", "ok", ["for another", ""]);
    assert_found(&ran, "name localhost", "ok", ["127.0.0.1", ""]);
    assert_found(&ran, "files", "ok", ["private", ""]);
    assert_found(&ran, "entry localhost", "ok", ["with a password", ""]);
    let page = gate.commanded(&["doctor"]).await.succeeded();
    assert!(page.contains(", 0 fail"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_without_a_running_process_checks_the_rest_and_creates_no_files() {
    let hub = Hub::start().await;
    let setup = good(&hub);
    let folder = setup.write();
    let ran = examine(&folder);
    assert_eq!(ran.status, Some(0), "{}", ran.stdout);
    assert_found(&ran, "process", "warn", ["no hubgate runs", "start it"]);
    let port = format!("port {}", setup.https().number());
    assert_found(&ran, &port, "ok", ["is free", ""]);
    assert!(!folder.join("certs").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_held_by_another_program_is_reported_with_its_holder() {
    let hub = Hub::start().await;
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = other.local_addr().unwrap();
    let listen = format!(r#"listen: {{http: [], https: ["{taken}"]}}"#);
    let setup = good(&hub).listen(&listen);
    let ran = examine(&setup.write());
    let holder = format!("(process {}) holds {taken}", std::process::id());
    let port = format!("port {}", taken.port());
    assert_found(&ran, &port, "fail", [&holder, "systemctl status"]);
}

#[test]
fn a_stopped_hub_is_reported_with_its_start_command() {
    let unused = Port::keep();
    let url = format!("http://{}", unused.address());
    let setup = Setup::home(&url).hosts("[localhost]");
    let ran = examine(&setup.write());
    let cure = "systemctl start openhab";
    assert_found(&ran, &format!("hub {url}"), "fail", ["no connection", cure]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_reported_once() {
    let hub = Hub::start().await;
    let expired = Authority::new("root").client_with("localhost", |params| {
        params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        params.not_before = OffsetDateTime::now_utc() - time::Duration::days(90);
        params.not_after = OffsetDateTime::now_utc() - time::Duration::DAY;
    });
    let setup = good(&hub)
        .file("home.pem", &expired.chain_pem)
        .file("home.key", &expired.key_pem);
    let ran = examine(&setup.write());
    let cause = "the certificate ended on";
    assert_found(&ran, "certificate localhost", "fail", [cause, ""]);
    assert_eq!(ran.stdout.matches(cause).count(), 1, "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_others_may_read_or_write_are_reported_with_the_command() {
    let hub = Hub::start().await;
    let setup = good(&hub);
    let folder = setup.write();
    let state = folder.join("certs");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("a.key"), "secret").unwrap();
    for (file, mode) in [
        ("proxy.yaml", 0o666),
        ("htpasswd", 0o644),
        ("certs", 0o755),
        ("certs/a.key", 0o640),
    ] {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.join(file), permissions).unwrap();
    }
    let ran = examine(&folder);
    assert_found(
        &ran,
        "files",
        "fail",
        ["proxy.yaml: every user", "chmod o-w"],
    );
    assert_found(
        &ran,
        "files",
        "warn",
        ["htpasswd: every user", "chgrp hubgate"],
    );
    assert_found(&ran, "files", "fail", ["certs: others", "chmod 700"]);
    assert_found(&ran, "files", "fail", ["a.key: others", "chmod 600"]);
    let mode = fs::metadata(&state).unwrap().mode() & 0o777;
    assert_eq!(mode, 0o755, "doctor changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_is_reported() {
    let hub = Hub::start().await;
    let setup = good(&hub).hosts("[nowhere.invalid]");
    let setup = setup.with_certificate("home", &["nowhere.invalid"]);
    let ran = examine(&setup.write());
    let cause = "does not resolve";
    assert_found(&ran, "name nowhere.invalid", "fail", [cause, "record"]);
}

#[test]
fn a_broken_proxy_yaml_is_one_line_beside_the_other_checks() {
    let setup = Setup::home("http://127.0.0.1:8080").site("acces: public");
    let ran = examine(&setup.write());
    assert_found(&ran, "proxy.yaml", "fail", ["acces", "correct it"]);
    assert_eq!(findings(&ran, "clock").len(), 1, "{}", ran.stdout);
    assert!(ran.stderr.contains("failed: apply"), "{}", ran.stderr);
}

#[test]
fn a_missing_proxy_yaml_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let ran = hubgate(folder.path(), &["doctor", "--json", "-c", "mine.yaml"]);
    assert_found(&ran, "proxy.yaml", "fail", ["mine.yaml", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_permission_to_read_the_files_is_reported() {
    if !geteuid().is_root() {
        return;
    }
    let hub = Hub::start().await;
    let setup = good(&hub);
    let folder = setup.write();
    fs::create_dir(folder.join("certs")).unwrap();
    for (file, mode) in [("", 0o755), ("proxy.yaml", 0o644), ("certs", 0o700)] {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.join(file), permissions).unwrap();
    }
    // The program may lie where that user cannot go.
    let program = folder.join("program");
    fs::copy(env!("CARGO_BIN_EXE_hubgate"), &program).unwrap();
    let yaml = folder.join("proxy.yaml");
    let ran = foreign(
        "setpriv",
        &[
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            &program.to_string_lossy(),
            "doctor",
            "--json",
            "-c",
            &yaml.to_string_lossy(),
        ],
    );
    assert_found(&ran, "files", "warn", ["cannot be read", "sudo"]);
    assert_found(&ran, "proxy.yaml", "fail", ["cannot be used", "sudo"]);
    assert_found(&ran, "process", "warn", ["you have no permission", "sudo"]);
}
