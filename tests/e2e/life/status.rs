//! Output of `hubgate status`.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::{
    harness::{Authority, PROGRAM, Setup, foreign, hubgate},
    hub::Hub,
};

#[tokio::test]
async fn the_status_command_reports_the_running_process() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let _open = gate.tls().websocket("/ws", &[]).await.ok().unwrap();
    gate.tls().http2().await.get("/").await;
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["sites"][0]["hosts"][0], "home.test");
    assert_eq!(status["counters"]["websockets_open"], 1);
    assert_eq!(status["counters"]["requests"]["successful"], 1);
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
}

#[tokio::test]
async fn answers_are_counted_by_their_kind() {
    let mut hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    assert_eq!(gate.clear().http1().await.get("/").await.status, 301);
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/%00").await.status, 400);
    hub.stop().await;
    assert_eq!(gate.tls().http1().await.get("/").await.status, 503);
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    let requests = &status["counters"]["requests"];
    for kind in ["redirection", "client_error", "server_error"] {
        assert_eq!(requests[kind], 1, "{requests}");
    }
    let listen = status["listen"].as_array().unwrap();
    assert_eq!(listen.len(), 2);
}

#[tokio::test]
async fn the_days_left_of_a_revocation_list_are_reported() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let until = |days| family.revoking_until(OffsetDateTime::now_utc() + days, &[]);
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &until(Duration::days(12) + Duration::HOUR))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    gate.answers_commands().await;
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("for another 12 days"), "{}", ran.stdout);

    gate.write("ca.crl", &until(Duration::HOUR - Duration::days(2)));
    gate.line_with("ca.crl: the revocation list ended").await;
    let ran = gate.command(&["status", "--json"]);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["sites"][0]["revocation_lists"][0]["days_left"], -2);
}

#[test]
fn commands_report_a_missing_process() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let folder = setup.write();
    for command in ["status", "reload"] {
        let ran = hubgate(&folder, &[command]);
        assert_eq!(ran.status, Some(1));
        assert!(ran.stderr.contains("no running hubgate"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[tokio::test]
async fn status_with_a_broken_file_first_names_the_one_in_use() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let file = fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    gate.write("proxy.yaml", &(file + "\nbroken: true\n"));
    let ran = gate.command(&["status"]);
    assert_eq!(ran.status, Some(78));
    let first = ran.stdout.lines().next().unwrap();
    let time = first
        .split_once("goes on with the file of ")
        .map(|(_, time)| time);
    assert!(
        time.is_some_and(|time| time.len() == 5 && time.contains(':')),
        "{first}"
    );
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("unknown key \"broken\""),
        "{}",
        ran.stderr
    );
    let ran = gate.command(&["doctor"]);
    assert!(ran.stdout.contains("still uses the file"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_stand_in_is_reported_as_such() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .hosts("[home.example.org]")
        .certificate("acme")
        .top("acme: {directory: \"https://127.0.0.1:1/directory\"}")
        .start()
        .await;
    gate.answers_commands().await;
    let ran = gate.command(&["status"]);
    assert!(ran.stdout.contains("stand-in"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("certificate until"), "{}", ran.stdout);
}

#[tokio::test]
async fn without_rights_commands_print_the_line_that_has_them() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .site("access: {client_certificate: own}")
        .start()
        .await;
    gate.answers_commands().await;
    for (place, mode) in [("", 0o755), ("proxy.yaml", 0o644)] {
        let place = gate.folder().join(place);
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
    }
    let folder = gate.folder().to_str().unwrap();
    for command in [
        "status",
        "reload",
        "cert status",
        "client list",
        "client add Anna",
    ] {
        let line = format!(
            "cd {folder} && exec setpriv --reuid 65534 --regid 65534 --clear-groups {PROGRAM} {command} -c proxy.yaml"
        );
        let ran = foreign("sh", &["-c", &line]);
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        let sudo = format!("run: sudo hubgate {command} -c proxy.yaml");
        assert!(ran.stderr.contains(&sudo), "{command}: {}", ran.stderr);
    }
}
