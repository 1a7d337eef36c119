//! Commands that end by themselves.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::harness::{Setup, foreign, hubgate};

/// Prepares a folder and a link under the command's future process ID, as an attacker can by
/// guessing the ID, then executes the command.
const TRAP: &str = "cd \"$1\" && mkdir -m 755 victim tmp tmp/hubgate-check-$$ && \
    ln -s ../../victim tmp/hubgate-check-$$/clients && TMPDIR=$1/tmp exec \"$0\" check";

#[test]
fn check_accepts_a_valid_file() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let ran = hubgate(&setup.write(), &["check"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
}

#[test]
fn check_reports_every_mistake_and_exits_with_78() {
    let setup = Setup::home("http://127.0.0.1")
        .site("acces: public")
        .top("limits: {idle: soon}");
    let ran = hubgate(&setup.write(), &["check", "-c", "proxy.yaml"]);
    assert_eq!(ran.status, Some(78));
    for mistake in ["acces", "soon"] {
        assert!(ran.stderr.contains(mistake), "{}", ran.stderr);
    }
    assert!(ran.stderr.contains("proxy.yaml:"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn check_reports_unreadable_files() {
    let setup = Setup::home("http://127.0.0.1:8080").site("access: {password: missing}");
    let ran = hubgate(&setup.write(), &["check"]);
    assert_eq!(ran.status, Some(78));
    assert!(ran.stderr.contains("missing"), "{}", ran.stderr);
}

#[test]
fn check_never_writes_through_another_users_link() {
    let setup = Setup::home("http://127.0.0.1:8080")
        .certificate("self-signed")
        .site("access: {client_certificate: own}");
    let folder = setup.write();
    let (program, place) = (env!("CARGO_BIN_EXE_hubgate"), folder.to_str().unwrap());
    foreign("sh", &["-c", TRAP, program, place]).succeeded();
    let victim = folder.join("victim");
    let mode = fs::metadata(&victim).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read_dir(victim).unwrap().count(), 0);
    let left = fs::read_dir(folder.join("tmp")).unwrap();
    assert_eq!(left.count(), 1, "the trap only");
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let ran = hubgate(&setup.write(), &["chekc"]);
    assert_eq!(ran.status, Some(2));
}

#[test]
fn commands_print_files_and_arguments_without_terminal_sequences() {
    let folder = tempfile::tempdir().unwrap();
    let nginx = "server { listen 80; server_name home.test; location / { proxy_pass http://127.0.0.1:8080; } \
                 location = \"/a\u{1b}[2J\u{202e}\nforged: line\" { return 404; } }\n";
    fs::write(folder.path().join("site.conf"), nginx).unwrap();
    let unix = "listen: {http: [\"127.0.0.1:80\"], https: []}\nsites: [{hosts: [a], upstream: \"unix:/a\\e[2J\\nb\", access: public}]";
    fs::write(folder.path().join("proxy.yaml"), unix).unwrap();
    let runs: [&[&str]; 4] = [
        &["import-nginx", "site.conf"],
        &["check"],
        &["check", "-c", "no\u{1b}[2J.yaml"],
        &["explain", "https://a/\u{1b}", "--from", "127.0.0.1"],
    ];
    for arguments in runs {
        let ran = hubgate(folder.path(), arguments);
        let printed = ran.stdout + &ran.stderr;
        assert!(
            !printed.contains(['\u{1b}', '\u{202e}']),
            "{arguments:?}: {printed:?}"
        );
        assert!(
            !printed.lines().any(|line| line.starts_with("forged")),
            "{printed}"
        );
        assert!(
            printed.contains("1b") || printed.contains("1B"),
            "{arguments:?}: {printed}"
        );
    }
    let usage = hubgate(folder.path(), &["\u{1b}[2Jchekc"]);
    assert!(usage.stderr.contains("chekc"), "{}", usage.stderr);
    assert!(!usage.stderr.contains('\u{1b}'), "{:?}", usage.stderr);
}
