//! `hubgate init`: from nothing to a configuration that is valid.

use std::{fs, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

use crate::harness::{foreign, hubgate, hubgate_with_input};

const FLAGS: [&str; 9] = [
    "init",
    "--host",
    "home.example.org,openhabian.local",
    "--hub",
    "http://127.0.0.1:8080",
    "--email",
    "me@example.org",
    "--user",
    "anna",
];

#[test]
fn init_writes_a_configuration_and_a_user_and_prints_the_next_command() {
    let folder = TempDir::new().unwrap();
    let ran = hubgate_with_input(
        folder.path(),
        &[&FLAGS[..], &["-c", "proxy.yaml"]].concat(),
        "secret",
    );
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    for line in [
        "added anna to htpasswd",
        "proxy.yaml is in order",
        "next: hubgate",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    let mode = |name: &str| {
        let meta = fs::metadata(folder.path().join(name)).unwrap();
        meta.permissions().mode() & 0o777
    };
    assert_eq!((mode("proxy.yaml"), mode("htpasswd")), (0o644, 0o600));
    assert_eq!(hubgate(folder.path(), &["check"]).status, Some(0));
    let users = folder.path().join("htpasswd");
    foreign(
        "htpasswd",
        &["-vb", users.to_str().unwrap(), "anna", "secret"],
    )
    .succeeded();
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn init_overwrites_nothing_that_is_not_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("proxy.yaml");
    fs::write(&path, "sites: mine").unwrap();
    let flags = [
        "init",
        "--host",
        "localhost",
        "--away",
        "nobody",
        "-c",
        "proxy.yaml",
    ];
    let ran = hubgate(folder.path(), &flags);
    assert_eq!(ran.status, Some(1), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("--overwrite proxy.yaml"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "sites: mine");
    let named = [&flags[..], &["--overwrite", "proxy.yaml"]].concat();
    let ran = hubgate(folder.path(), &named);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let old = fs::read_to_string(folder.path().join("proxy.yaml.old")).unwrap();
    assert_eq!(old, "sites: mine");
}

#[test]
fn init_writes_nothing_when_an_answer_is_wrong() {
    for flags in [
        &["init"][..],
        &["init", "--host", "_", "--away", "nobody"],
        &[
            "init",
            "--host",
            "localhost",
            "--hub",
            "hub",
            "--away",
            "nobody",
        ],
        &[
            "init",
            "--host",
            "localhost",
            "--hub",
            "http://127.0.0.1:443",
            "--away",
            "nobody",
        ],
        &["init", "--host", "localhost", "--user", "a:b"],
    ] {
        let folder = TempDir::new().unwrap();
        let ran = hubgate(folder.path(), &[flags, &["-c", "proxy.yaml"]].concat());
        assert_ne!(ran.status, Some(0), "{flags:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{flags:?}");
    }
    let folder = TempDir::new().unwrap();
    let ran = hubgate_with_input(
        folder.path(),
        &[&FLAGS[..], &["-c", "proxy.yaml"]].concat(),
        "",
    );
    assert!(
        ran.stderr.contains("the password is empty"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("proxy.yaml").exists());
}

#[test]
fn without_a_file_every_command_names_init() {
    let folder = TempDir::new().unwrap();
    for command in [
        &["check"][..],
        &["run"],
        &["reload"],
        &["status"],
        &["doctor"],
        &["cert", "status"],
        &["client", "list"],
        &["client", "add", "Anna"],
        &["user", "list"],
        &["explain", "https://localhost/", "--from", "203.0.113.7"],
    ] {
        let ran = hubgate(folder.path(), &[command, &["-c", "proxy.yaml"]].concat());
        assert_ne!(ran.status, Some(0), "{command:?}");
        let printed = ran.stdout + &ran.stderr;
        assert!(printed.contains("hubgate init"), "{command:?}: {printed}");
    }
}
