//! No state of the disk stops hubgate from serving.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    acme::{
        authority::Endpoint,
        fixture::{Fixture, PreparedFixture, RETRY_DEADLINE, served},
    },
    harness::{DEADLINE, Hubgate, eventually},
};

/// Every file that hubgate keeps.
fn kept(gate: &Hubgate) -> Vec<PathBuf> {
    let mut folders = vec![gate.folder().join("certs")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.is_file() => files.push(path),
                false => {}
            }
        }
    }
    files
}

/// The files with a certificate of ACME and its key together, the newest first.
fn sets(gate: &Hubgate) -> Vec<PathBuf> {
    let mut files = kept(gate);
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
    files.retain(|path| {
        let text = text(path);
        text.contains("BEGIN CERTIFICATE") && text.contains("PRIVATE KEY")
    });
    files.sort_by_key(|path| fs::metadata(path).and_then(|file| file.modified()).ok());
    files.reverse();
    files
}

#[tokio::test]
async fn a_corrupt_set_gives_way_to_the_one_before() {
    let mut fixture = Fixture::issued().await;
    let first = served(&fixture.gate).await;
    fixture.renew().await;
    fixture.serves(2).await;
    fixture.gate.kill();
    fs::write(&sets(&fixture.gate)[0], "no certificate").unwrap();
    fixture.ca.fault(crate::acme::authority::Fault::Reset);
    fixture.gate.start_again().await;
    assert_eq!(served(&fixture.gate).await, first);
}

#[tokio::test]
async fn hubgate_starts_with_any_file_cut_short() {
    let mut fixture = Fixture::issued().await;
    let files = kept(&fixture.gate).len();
    for number in 0..files {
        fixture.gate.kill();
        // Files may appear and disappear meanwhile.
        if let Some(file) = kept(&fixture.gate).get(number) {
            let content = fs::read(file).unwrap();
            fs::write(file, &content[..content.len() / 2]).unwrap();
        }
        fixture.gate.start_again().await;
        let mut client = fixture.gate.tls().accepting_any_certificate().http1().await;
        assert_eq!(client.get("/plain").await.status, 200);
    }
}

#[tokio::test]
async fn the_certificate_is_served_from_memory_without_a_writable_folder() {
    let mut prepared = PreparedFixture::new().await;
    // A file in place of the folder: not even root can write there.
    prepared.setup = prepared.setup.file("nowhere", "").top("state: nowhere");
    let fixture = prepared.start().await;
    fixture.serves_within(RETRY_DEADLINE, 1).await;
    fixture.gate.line_with("nowhere").await;
}

#[tokio::test]
async fn hubgate_serves_its_stored_certificate_without_its_ca() {
    let mut fixture = Fixture::issued().await;
    let good = served(&fixture.gate).await;
    fixture.gate.kill();
    fixture.ca.fault(crate::acme::authority::Fault::Reset);
    fixture.gate.start_again().await;
    assert_eq!(served(&fixture.gate).await, good);
    assert_eq!(fixture.ca.requests_to(Endpoint::NewOrder).len(), 1);
}

#[tokio::test]
async fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::issued().await;
    for path in kept(&fixture.gate) {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let folder = fs::metadata(fixture.gate.folder().join("certs")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn a_lineage_of_certbot_serves_until_its_renewal() {
    let mut prepared = PreparedFixture::new().await;
    let leaf = crate::harness::Authority::new("Certbot's CA").server(&["home.test"]);
    let lineages = tempfile::tempdir().unwrap();
    let lineage = lineages.path().join("home.test");
    fs::create_dir(&lineage).unwrap();
    fs::write(lineage.join("fullchain.pem"), &leaf.chain_pem).unwrap();
    fs::write(lineage.join("privkey.pem"), &leaf.key_pem).unwrap();
    let key = format!("lineages: {}", lineages.path().display());
    prepared.setup = prepared.setup.acme_key(&key);
    let fixture = prepared.start().await;
    assert_eq!(
        served(&fixture.gate).await.as_deref(),
        Some(&*leaf.certificate)
    );
    assert!(fixture.ca.orders().is_empty());
    fixture.renew().await;
    fixture.serves(1).await;
    assert!(fixture.ca.orders()[0].replaces.is_none());
}

/// A prepared with copies in `copies` and a program that is called.
async fn exporting(script: &str) -> PreparedFixture {
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = prepared
        .setup
        .file("exported", script)
        .acme_key("export: {folder: copies, run: ./exported}");
    runnable(&prepared.setup.write().join("exported"));
    prepared
}

fn runnable(program: &Path) {
    fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

fn copy(gate: &Hubgate, name: &str) -> String {
    let copies = gate.folder().join("copies/home.test");
    fs::read_to_string(copies.join(name)).unwrap_or_default()
}

#[tokio::test]
async fn other_programs_get_copies_and_are_notified() {
    let prepared = exporting("#!/bin/sh\ncp \"$2/fullchain.pem\" \"$2/notified-of-$1\"\n").await;
    let fixture = prepared.start().await;
    fixture.serves(1).await;
    let notified = || copy(&fixture.gate, "notified-of-home.test");
    eventually(DEADLINE, "the program is notified", async || {
        !notified().is_empty()
    })
    .await;
    let first = notified();
    assert!(!copy(&fixture.gate, "privkey.pem").is_empty());
    fixture.renew().await;
    eventually(DEADLINE, "it is notified again", async || {
        notified() != first
    })
    .await;
}

#[tokio::test]
async fn a_failed_program_is_called_again_and_reported_in_the_status() {
    let script = "#!/bin/sh\necho x >>\"$2/calls\"\n\
        [ $(wc -l <\"$2/calls\") -gt 1 ] || { echo 'no such service'; exit 3; }\n\
        env >\"$2/environment\"\n";
    let mut prepared = exporting(script).await;
    prepared.setup = prepared
        .setup
        .variable("HUBGATE_SECRET", "1")
        .variable("NOTIFY_SOCKET", "");
    let fixture = prepared.start().await;
    let status = fixture.status_with(&["not delivered"]).await;
    assert!(
        status.contains("exit status: 3: no such service"),
        "{status}"
    );
    let ran = fixture.gate.command(&["cert", "status"]);
    assert!(ran.stdout.contains("no such service"), "{}", ran.stdout);
    let is_called_again = async || !copy(&fixture.gate, "environment").is_empty();
    eventually(RETRY_DEADLINE, "it is called again", is_called_again).await;
    let environment = copy(&fixture.gate, "environment");
    let is_clean = !environment.contains("HUBGATE_") && !environment.contains("NOTIFY_SOCKET");
    assert!(is_clean, "{environment}");
    let is_delivered = async || {
        !fixture
            .status_with(&["home.test"])
            .await
            .contains("not delivered")
    };
    eventually(DEADLINE, "the status reports no failure", is_delivered).await;
}

#[tokio::test]
async fn a_program_that_a_stop_interrupts_ends_with_all_it_started_and_is_called_again() {
    let script = "#!/bin/sh\nsleep 1000 & echo $! >\"$2/child\"\necho x >>\"$2/calls\"\nwait\n";
    let mut fixture = exporting(script).await.start().await;
    eventually(DEADLINE, "the program runs", async || {
        !copy(&fixture.gate, "child").is_empty()
    })
    .await;
    let child = copy(&fixture.gate, "child");
    fixture.gate.terminate();
    fixture.gate.ended().await;
    let stat = PathBuf::from("/proc").join(child.trim()).join("stat");
    let is_gone = async || {
        fs::read_to_string(&stat).is_ok_and(|text| text.contains(") Z ")) || !stat.exists()
    };
    eventually(DEADLINE, "its processes are gone", is_gone).await;
    fixture
        .gate
        .write("exported", "#!/bin/sh\necho done >\"$2/done\"\n");
    runnable(&fixture.gate.folder().join("exported"));
    fixture.gate.start_again().await;
    let is_done = async || !copy(&fixture.gate, "done").is_empty();
    eventually(DEADLINE, "it is called again", is_done).await;
}

#[tokio::test]
async fn a_host_added_in_front_keeps_the_old_certificate() {
    let fixture = Fixture::issued().await;
    let good = served(&fixture.gate).await;
    fixture.ca.fault(crate::acme::authority::Fault::Reset);
    let yaml = fs::read_to_string(fixture.gate.folder().join("proxy.yaml")).unwrap();
    let more = yaml.replace("hosts: [home.test]", "hosts: [new.test, home.test]");
    fixture.gate.write("proxy.yaml", &more);
    fixture.gate.reload();
    fixture.gate.line_with("reloaded").await;
    fixture.status_with(&["new.test"]).await;
    assert_eq!(served(&fixture.gate).await, good);
}
