//! A state folder that is removed or replaced while hubgate runs, and one that is not there.

use std::{fs, os::unix::net::UnixListener};

use crate::{
    acme::fixture::PreparedFixture,
    harness::{DEADLINE, Setup, SlowFiles, eventually, hubgate},
    hub::Hub,
};

#[tokio::test]
async fn the_control_socket_is_restored_after_the_state_folder_was_removed_or_replaced() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).top("state: kept").start().await;
    let state = gate.folder().join("kept");
    for is_replaced in [false, true] {
        gate.answers_commands().await;
        fs::rename(&state, gate.folder().join(format!("before-{is_replaced}"))).unwrap();
        if is_replaced {
            fs::create_dir(&state).unwrap();
        }
        eventually(DEADLINE, "commands are answered again", async || {
            gate.commanded(&["reload"]).await.status == Some(0)
        })
        .await;
    }
    gate.line_with("control.sock: opened again").await;
}

#[tokio::test]
async fn a_removed_client_ca_is_named_and_a_reload_makes_no_other() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).top("state: kept");
    let setup = setup.site("access: {client_certificate: own}");
    let gate = setup.start().await;
    gate.answers_commands().await;
    let (state, before) = (gate.folder().join("kept"), gate.folder().join("before"));
    fs::rename(&state, &before).unwrap();
    gate.line_with("control.sock: opened again").await;
    for command in [
        &["client", "list"][..],
        &["client", "revoke", "phone"],
        &["reload"],
    ] {
        let ran = gate.commanded(command).await;
        assert_eq!(ran.status, Some(1), "{command:?} {}", ran.stdout);
        let names_it = ran.stderr.contains("clients/ca.pem: not there");
        assert!(names_it, "{command:?} {}", ran.stderr);
    }
    assert!(!state.join("clients/ca.pem").exists());
    fs::remove_dir_all(&state).unwrap();
    fs::rename(&before, &state).unwrap();
    for command in [&["reload"][..], &["client", "list"]] {
        eventually(DEADLINE, "the restored CA is used", async || {
            gate.commanded(command).await.status == Some(0)
        })
        .await;
    }
}

#[tokio::test]
async fn a_dead_socket_in_the_place_of_the_control_socket_is_replaced() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).start().await;
    gate.answers_commands().await;
    let socket = fs::canonicalize(gate.folder())
        .unwrap()
        .join("certs/control.sock");
    fs::remove_file(&socket).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    eventually(DEADLINE, "commands are answered again", async || {
        gate.commanded(&["status"]).await.status == Some(0)
    })
    .await;
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_state_folder_that_becomes_read_only_stops_only_writes() {
    let files = SlowFiles::build();
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = files.under(prepared.setup);
    let mut fixture = prepared.start().await;
    fixture.serves(1).await;
    files.make_read_only();
    let ran = fixture
        .gate
        .commanded(&["cert", "renew", "home.test"])
        .await;
    assert_eq!(ran.status, Some(1), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("Read-only file system"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fixture.ca.orders().len(),
        1,
        "what cannot be kept is not ordered"
    );
    fixture.status_with(&["Read-only file system"]).await;
    for command in [["status"], ["reload"]] {
        let ran = fixture.gate.commanded(&command).await;
        assert_eq!(ran.status, Some(0), "{command:?} {}", ran.stderr);
    }
    fixture.serves(1).await;
    files.release();
    fixture.renew().await;
    fixture.serves(2).await;
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}

#[test]
fn without_a_state_folder_commands_name_it_and_fail() {
    let setup = Setup::home("http://127.0.0.1:8080").top("state: gone");
    let setup = setup.site("access: {client_certificate: own}");
    let folder = setup.write();
    let out = folder.join("out").display().to_string();
    let backup = folder.join("backup").display().to_string();
    let url = "https://home.test/";
    for command in [
        &["client", "list"][..],
        &["client", "add", "phone"],
        &["client", "add", "phone", "--out", &out],
        &["client", "renew", "phone", "--out", &out],
        &["client", "revoke", "phone"],
        &["client", "export", &backup],
        &["cert", "status"],
        &["explain", url, "--from", "192.0.2.1", "--client", "phone"],
    ] {
        let ran = hubgate(&folder, command);
        assert!(!folder.join("gone").exists(), "{command:?}");
        assert_eq!(ran.status, Some(1), "{command:?} {}", ran.stdout);
        assert!(
            ran.stderr.contains("gone: no such folder"),
            "{}",
            ran.stderr
        );
    }
}
