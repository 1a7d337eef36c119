//! Commands that run to their end.

use crate::harness::{Setup, hubgate};

#[test]
fn check_accepts_a_good_file() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let ran = hubgate(&setup.write(), &["check"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("home.test"), "{}", ran.stdout);
}

#[test]
fn check_tells_every_mistake_and_exits_with_78() {
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
fn check_tells_files_that_cannot_be_read() {
    let setup = Setup::home("http://127.0.0.1:8080").site("access: {password: missing}");
    let ran = hubgate(&setup.write(), &["check"]);
    assert_eq!(ran.status, Some(78));
    assert!(ran.stderr.contains("missing"), "{}", ran.stderr);
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let setup = Setup::home("http://127.0.0.1:8080");
    let ran = hubgate(&setup.write(), &["chekc"]);
    assert_eq!(ran.status, Some(2));
}
