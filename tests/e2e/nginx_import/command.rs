//! The command itself: its files, output and exit code.

use std::{fs, os::unix::fs::PermissionsExt};

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
fn the_written_files_pass_the_check() {
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
fn an_existing_file_is_overwritten_only_on_request() {
    let folder = folder(SITE);
    let out = folder.path().join("proxy.yaml");
    fs::write(&out, "mine\n").unwrap();
    let import = ["import-nginx", "nginx.conf", "--out", "proxy.yaml"];
    let ran = hubgate(folder.path(), &import);
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.stderr.contains("overwrite it with --force"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine\n");
    hubgate(folder.path(), &[&import[..], &["--force"]].concat()).succeeded();
    assert!(fs::read_to_string(&out).unwrap().contains("home.test"));
}

const CAMERA: &str = "server { listen 80; server_name cam.test; location / { proxy_pass http://127.0.0.1:8080; \
    proxy_set_header Authorization 'Basic S3CRET=='; } }\n";

#[test]
fn a_secret_is_written_into_a_private_file_and_shown_nowhere() {
    let folder = folder(CAMERA);
    let import = ["import-nginx", "nginx.conf", "--out", "proxy.yaml"];
    let ran = hubgate(folder.path(), &import);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let name = "secrets/cam.test-authorization";
    assert!(ran.stderr.contains(name), "{}", ran.stderr);
    let yaml = fs::read_to_string(folder.path().join("proxy.yaml")).unwrap();
    assert!(
        yaml.contains(&format!("Authorization: {{file: {name}}}")),
        "{yaml}"
    );
    assert!(!(yaml + &ran.stderr).contains("S3CRET"), "{}", ran.stderr);
    let file = folder.path().join(name);
    assert_eq!(fs::read_to_string(&file).unwrap(), "Basic S3CRET==\n");
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    hubgate(folder.path(), &["check"]).succeeded();
}

#[test]
fn a_secret_is_written_for_the_owner_of_the_services_state() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = folder(CAMERA);
    let state = folder.path().join("certs");
    fs::create_dir(&state).unwrap();
    std::os::unix::fs::chown(&state, Some(12_345), Some(12_345)).unwrap();
    let import = ["import-nginx", "nginx.conf", "--out", "proxy.yaml"];
    hubgate(folder.path(), &import).succeeded();
    let file = fs::metadata(folder.path().join("secrets/cam.test-authorization")).unwrap();
    use std::os::unix::fs::MetadataExt;
    assert_eq!((file.uid(), file.mode() & 0o777), (12_345, 0o600));
}

#[test]
fn another_existing_secret_is_overwritten_only_on_request() {
    let folder = folder(CAMERA);
    let file = folder.path().join("secrets/cam.test-authorization");
    fs::create_dir(file.parent().unwrap()).unwrap();
    fs::write(&file, "Basic other\n").unwrap();
    let import = ["import-nginx", "nginx.conf", "--out", "proxy.yaml"];
    let ran = hubgate(folder.path(), &import);
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.stderr.contains("cam.test-authorization exists already"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("proxy.yaml").exists());
    hubgate(folder.path(), &[&import[..], &["--force"]].concat()).succeeded();
    assert_eq!(fs::read_to_string(&file).unwrap(), "Basic S3CRET==\n");
}

#[test]
fn the_text_alone_names_the_files_that_are_not_written() {
    let folder = folder(CAMERA);
    let ran = hubgate(folder.path(), &["import-nginx", "nginx.conf"]);
    assert_eq!(ran.status, Some(0));
    assert!(
        ran.stderr.contains("not written: the files of secrets"),
        "{}",
        ran.stderr
    );
    assert!(!folder.path().join("secrets").exists());
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
