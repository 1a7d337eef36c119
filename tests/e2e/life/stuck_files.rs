//! Stuck and irregular files: each affects only its own site.

use std::{
    fs,
    os::unix::net::UnixListener,
    time::{Duration, Instant},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::{
    acme::{authority::Endpoint, fixture::PreparedFixture},
    harness::{
        ANNA, Authority, Client, DEADLINE, HTPASSWD, Hubgate, Setup, SlowFiles, eventually, hubgate,
    },
    hub::Hub,
};

/// Longest duration of a request on a busy machine; a stuck file holds it for longer.
const LIMIT: Duration = Duration::from_secs(3);

/// Two sites behind passwords, `home.test` and `other.test`, each with a file of its own.
fn two_sites(hub: &Hub, files: &SlowFiles) -> Setup {
    let other = format!(
        "{{hosts: [other.test], certificate: {{chain: home.pem, key: home.key}}, \
         upstream: \"{}\", access: {{password: free.users}}}}",
        hub.url()
    );
    let setup = Setup::home(&hub.url()).site("access: {password: stuck.users}");
    let setup = setup.file("stuck.users", HTPASSWD).other_site(&other);
    files.under(setup.file("free.users", HTPASSWD))
}

async fn status(caller: Client, user: &str) -> u16 {
    let mut client = caller.http1().await;
    let fields = [("authorization", user)];
    let answer = client.open(http::Method::GET, "/plain", &fields, "").await;
    answer.status().as_u16()
}

async fn other(gate: &Hubgate) -> u16 {
    status(gate.tls().name("other.test"), ANNA).await
}

#[tokio::test]
async fn a_file_that_does_not_answer_costs_the_freshness_of_its_own_site_only() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    let mut gate = two_sites(&hub, &files).start().await;
    gate.answers_commands().await;
    files.hang("stuck.users");
    gate.write("stuck.users", "bert:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
    eventually(DEADLINE, "a look at the file hangs", async || {
        files.held().contains("stuck.users")
    })
    .await;
    assert_eq!(status(gate.tls(), ANNA).await, 200, "what was read stays");
    gate.write("free.users", "bert:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
    eventually(DEADLINE, "the other file is read again", async || {
        other(&gate).await == 401
    })
    .await;
    let line = gate.line_with("no answer for 5 s").await;
    assert!(line.contains("stuck.users"), "{line}");
    assert_eq!(gate.commanded(&["status"]).await.status, Some(0));
    let reloaded = gate.commanded(&["reload"]).await;
    assert_eq!(reloaded.status, Some(1), "{}", reloaded.stderr);
    assert!(
        reloaded.stderr.contains("stuck.users"),
        "{}",
        reloaded.stderr
    );
    files.release();
    gate.line_with("stuck.users answers again").await;
    eventually(DEADLINE, "the file is read again", async || {
        status(gate.tls(), ANNA).await == 401
    })
    .await;
    let reports = gate
        .printed()
        .matches("what was read before stays in use")
        .count();
    assert_eq!(reports, 1);
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_reload_that_hangs_delays_neither_requests_nor_the_stop() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    let mut gate = two_sites(&hub, &files).start().await;
    files.hang("proxy.yaml");
    gate.reload();
    eventually(DEADLINE, "the reload hangs", async || {
        files.held().contains("proxy.yaml")
    })
    .await;
    let line = gate.line_with("not reloaded").await;
    assert!(line.contains("proxy.yaml: no answer for 5 s"), "{line}");
    assert_eq!(other(&gate).await, 200);
    gate.reload();
    gate.terminate();
    assert!(gate.ended().await.success());
}

#[tokio::test]
async fn a_start_with_a_stuck_file_ends_with_its_name() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    files.hang("stuck.users");
    let mut gate = two_sites(&hub, &files).launch();
    let line = gate.line_with("no answer for 5 s").await;
    assert!(line.contains("stuck.users"), "{line}");
    assert_eq!(gate.ended().await.code(), Some(1));
}

#[tokio::test]
async fn sigterm_ends_a_start_with_a_stuck_file() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    files.hang("stuck.users");
    let mut gate = two_sites(&hub, &files).launch();
    eventually(DEADLINE, "the start hangs", async || {
        files.held().contains("stuck.users")
    })
    .await;
    gate.terminate();
    assert!(gate.ended().await.success());
    assert!(!gate.printed().contains("no answer"));
}

#[tokio::test]
async fn a_disk_that_takes_four_seconds_to_sync_delays_no_request() {
    let files = SlowFiles::build();
    let mut prepared = PreparedFixture::new().await;
    prepared.setup = files.under(prepared.setup);
    let mut fixture = prepared.start().await;
    fixture.serves(1).await;
    files.slow(&["fsync", "rename"], "*", 4000);
    let begin = Instant::now();
    let renewing = fixture.gate.commanded(&["cert", "renew", "home.test"]);
    let serving = async {
        while begin.elapsed() < Duration::from_secs(9) {
            let asked = Instant::now();
            let caller = fixture.gate.tls().accepting_any_certificate();
            assert_eq!(caller.http1().await.get("/plain").await.status, 200);
            let listed = fixture.gate.commanded(&["cert", "status"]).await;
            assert_eq!(listed.status, Some(0), "{}", listed.stderr);
            assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
        }
    };
    tokio::select! {
        _ = renewing => panic!("a renewal takes longer than its syncs"),
        () = serving => {}
    }
    assert!(files.held().contains("fsync"), "{}", files.held());
    fixture
        .wait_for_requests(DEADLINE, Endpoint::Directory, 1)
        .await;
    fixture.gate.terminate();
    assert!(fixture.gate.ended().await.success());
}

#[tokio::test]
async fn an_irregular_file_is_refused_with_its_kind() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url()).password();
    let folder = setup.write();
    let _socket = UnixListener::bind(folder.join("socket")).unwrap();
    mknodat(CWD, folder.join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    let kinds = [
        ("pipe", "named pipe"),
        ("socket", "socket"),
        ("folder", "folder"),
        ("/dev/zero", "device"),
    ];
    let yaml = fs::read_to_string(folder.join("proxy.yaml")).unwrap();
    for (place, kind) in kinds {
        for named in ["htpasswd", "home.pem", "home.key"] {
            fs::write(folder.join("proxy.yaml"), yaml.replace(named, place)).unwrap();
            let ran = hubgate(&folder, &["check"]);
            assert_eq!(ran.status, Some(78), "{named} {place}");
            assert!(ran.stderr.contains(kind), "{named} {place}: {}", ran.stderr);
        }
        let ran = hubgate(&folder, &["check", "-c", place]);
        assert!(ran.stderr.contains(kind), "{place}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_start_with_stuck_system_roots_ends_with_their_name() {
    let (hub, files) = (Hub::start().await, SlowFiles::build());
    files.hang("system-roots.pem");
    let setup = Setup::home(&hub.url());
    let root = Authority::new("the system").pem();
    let mut gate = files.under(setup.system_root(&root)).launch();
    let line = gate.line_with("no answer for 5 s").await;
    assert!(line.contains("system-roots.pem"), "{line}");
    assert_eq!(gate.ended().await.code(), Some(1));
}

#[test]
fn a_command_with_a_stuck_file_ends_with_its_name() {
    let files = SlowFiles::build();
    let setup = Setup::home("http://127.0.0.1:8080");
    let setup = setup.site("access: {password: stuck.users}");
    let setup = setup.file("stuck.users", HTPASSWD);
    let folder = setup.write();
    let (config, users) = (folder.join("proxy.yaml"), folder.join("stuck.users"));
    let users = users.to_string_lossy();
    for (stuck, command) in [
        ("stuck.users", &["check"][..]),
        ("proxy.yaml", &["check"]),
        ("proxy.yaml", &["status"]),
        ("proxy.yaml", &["doctor"]),
        ("proxy.yaml", &["run"]),
        ("stuck.users", &["user", "list"]),
        ("stuck.users", &["import-nginx", &users]),
    ] {
        files.hang(stuck);
        let ran = files.command(command, &config);
        assert_eq!(ran.status, Some(1), "{command:?} {}", ran.stderr);
        let cause = format!("{stuck}: no answer for 5 s: check the disk");
        assert!(ran.stderr.contains(&cause), "{command:?} {}", ran.stderr);
    }
}
