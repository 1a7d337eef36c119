//! Programs and system roots on a disk that does not answer delay no certificate.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use crate::{
    acme::{
        authority::{Endpoint, Fault},
        fixture::{Fixture, PreparedFixture},
    },
    harness::{Authority, DEADLINE, SlowFiles, eventually},
};

/// Creates a file beside itself, as the sign that it ran.
const PROGRAM: &str = "#!/bin/sh\necho x >\"$0.ran\"\n";

/// Starts hubgate with a key of `acme` that names `./program`, which is on a stuck disk.
async fn with_stuck_program(files: &SlowFiles, key: &str, challenge: &str) -> Fixture {
    let mut prepared = PreparedFixture::new().await;
    let (directory, root) = (prepared.ca.directory(), prepared.ca.ca_pem());
    let setup = prepared
        .setup
        .acme(&directory, &root, challenge)
        .acme_key(key);
    prepared.setup = files.under(setup.file("program", PROGRAM));
    let program = prepared.setup.write().join("program");
    fs::set_permissions(program, PermissionsExt::from_mode(0o700)).unwrap();
    files.hang("program");
    prepared.start().await
}

#[tokio::test]
async fn an_export_program_on_a_stuck_disk_is_named_and_delays_no_renewal() {
    let files = SlowFiles::build();
    let key = "export: {folder: copies, run: ./program}";
    let mut fixture = with_stuck_program(&files, key, "http-01").await;
    fixture.serves(1).await;
    let status = fixture.status_with(&["not delivered"]).await;
    assert!(status.contains("program: no answer for 5 s"), "{status}");
    fixture.renew().await;
    fixture.serves(2).await;
    files.release();
    fixture.renew().await;
    let sign = fixture.gate.folder().join("program.ran");
    eventually(DEADLINE, "the program runs", async || sign.exists()).await;
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}

#[tokio::test]
async fn a_dns_hook_on_a_stuck_disk_is_named() {
    let files = SlowFiles::build();
    let key = "dns: {provider: exec, program: ./program}";
    let mut fixture = with_stuck_program(&files, key, "dns-01").await;
    let status = fixture.status_with(&["no answer for 5 s"]).await;
    assert!(status.contains("program: no answer for 5 s"), "{status}");
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}

#[tokio::test]
async fn a_certificate_is_served_though_the_system_roots_are_stuck() {
    let files = SlowFiles::build();
    let mut prepared = PreparedFixture::new().await;
    let root = Authority::new("the system").pem();
    prepared.setup = files.under(prepared.setup.system_root(&root));
    prepared.ca.fault(Fault::Late(Duration::from_secs(2)));
    let mut fixture = prepared.start().await;
    fixture
        .wait_for_requests(DEADLINE, Endpoint::NewOrder, 1)
        .await;
    files.hang("system-roots.pem");
    fixture.serves(1).await;
    assert!(files.held().contains("system-roots.pem"));
    let line = fixture.gate.line_with("no answer for 5 s").await;
    assert!(line.contains("system-roots.pem"), "{line}");
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}
