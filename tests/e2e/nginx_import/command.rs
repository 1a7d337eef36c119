//! The command itself: where it writes, what it says, how it ends.

use std::fs;

use tempfile::TempDir;

use super::nginx;
use crate::harness::hubgate;

const SITE: &str = "server { listen 80; server_name home.test; location / { proxy_pass http://127.0.0.1:8080; } }\n";

fn folder(site: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    nginx::write(folder.path(), site);
    folder
}

#[test]
fn the_yaml_goes_to_stdout_and_the_report_to_stderr() {
    let folder = folder(SITE);
    let ran = hubgate(folder.path(), &["import-nginx", "nginx.conf"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("hosts: [home.test]"), "{}", ran.stdout);
    for title in ["kept\n", "changed\n", "dropped\n"] {
        assert!(ran.stderr.contains(title), "{}", ran.stderr);
    }
}

#[test]
fn what_was_written_is_in_order() {
    let folder = folder(SITE);
    hubgate(
        folder.path(),
        &["import-nginx", "site.conf", "--out", "proxy.yaml"],
    )
    .succeeded();
    let checked = hubgate(folder.path(), &["check"]).succeeded();
    assert!(checked.contains("home.test"), "{checked}");
}

#[test]
fn a_file_that_is_there_is_written_over_only_when_told_so() {
    let folder = folder(SITE);
    let out = folder.path().join("proxy.yaml");
    fs::write(&out, "mine\n").unwrap();
    let import = ["import-nginx", "nginx.conf", "--out", "proxy.yaml"];
    let ran = hubgate(folder.path(), &import);
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.stderr.contains("write over it with --force"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine\n");
    hubgate(folder.path(), &[&import[..], &["--force"]].concat()).succeeded();
    assert!(fs::read_to_string(&out).unwrap().contains("home.test"));
}

#[test]
fn nothing_is_written_when_the_import_stops() {
    let folder = folder(
        "server { listen 80; server_name home.test; auth_request /auth;\n location / { proxy_pass http://127.0.0.1:8080; } }",
    );
    let ran = hubgate(
        folder.path(),
        &["import-nginx", "nginx.conf", "--out", "proxy.yaml"],
    );
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""));
    assert!(
        ran.stderr.contains("site.conf:1: `auth_request`"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("proxy.yaml").exists());
}
