//! The history of entries and refusals, and `hubgate log`.

use std::fs;

use http::Method;
use serde_json::Value;

use crate::{
    harness::{ANNA, DEADLINE, Hubgate, Running, Setup, eventually, hubgate},
    hub::Hub,
};

/// Returns the lines of `hubgate log`, once one contains the text.
async fn log_with(gate: &Hubgate, text: &str) -> String {
    let mut printed = String::new();
    eventually(DEADLINE, text, async || {
        printed = gate.commanded(&["log", "--why"]).await.stdout;
        printed.contains(text)
    })
    .await;
    printed
}

/// Sends a request as anna.
async fn visit(gate: &Hubgate, target: &str, agent: &str) -> u16 {
    let fields = [("authorization", ANNA), ("user-agent", agent)];
    let mut client = gate.tls().http1().await;
    client
        .exchange(Method::GET, target, &fields, "")
        .await
        .status
}

#[tokio::test]
async fn the_log_shows_entries_and_refusals_with_their_reasons_also_after_the_end() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).password().start().await;
    gate.answers_commands().await;
    assert_eq!(gate.tls().http1().await.get("/?token=x").await.status, 401);
    for _ in 0..3 {
        assert_eq!(visit(&gate, "/", "app").await, 200);
    }
    let printed = log_with(&gate, "anna").await;
    assert!(
        printed.contains("a password is needed, and none was sent"),
        "{printed}"
    );
    assert!(
        printed.contains("401  home.test  127.0.0.1 GET /: password_absent"),
        "{printed}"
    );
    assert!(
        printed.contains("in   home.test  anna from 127.0.0.1 by password"),
        "{printed}"
    );
    assert_eq!(printed.matches("anna").count(), 1, "one entry: {printed}");

    gate.terminate();
    assert!(gate.ended().await.success());
    let after = hubgate(gate.folder(), &["log", "--why"]).succeeded();
    assert_eq!(after, printed);
    let json = hubgate(gate.folder(), &["log", "--json", "-n", "1"]).succeeded();
    let entry: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(entry["event"], "entry");
    assert_eq!(entry["user"], "anna");
    assert_eq!(entry["factors"], "password");
}

#[tokio::test]
async fn a_followed_log_shows_each_further_event_until_hubgate_ends() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).password().start().await;
    gate.answers_commands().await;
    let follower = Running::start(gate.folder(), &["log", "--follow"]);
    let wrong = [("authorization", "Basic YW5uYTp3cm9uZw==")];
    let mut client = gate.tls().http2().await;
    // The command may subscribe after the first request, which it then shows as an earlier one.
    let response = client.exchange(Method::GET, "/a", &wrong, "").await;
    assert_eq!(response.status, 401);
    let line = follower.line_with("password_wrong").await;
    assert!(line.contains("GET /a"), "{line}");
    assert_eq!(visit(&gate, "/", "app").await, 200);
    follower.line_with("anna").await;
    drop(client);
    gate.terminate();
    assert!(gate.ended().await.success());
    assert_eq!(follower.ended().await.status, Some(0));
}

#[tokio::test]
async fn a_hand_over_keeps_the_records_of_both_processes() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url()).password().start().await;
    gate.answers_commands().await;
    assert_eq!(visit(&gate, "/", "before").await, 200);
    log_with(&gate, "anna").await;
    let mut old = gate.tls().http1().await;
    let handing_over = async {
        hub.request("/slow").await;
        gate.take_over().await;
        assert_eq!(gate.tls().http1().await.get("/new").await.status, 401);
        hub.tick("now");
    };
    let fields = [("authorization", ANNA)];
    let slow = old.exchange(Method::GET, "/slow", &fields, "");
    let (response, ()) = tokio::join!(slow, handing_over);
    assert_eq!(response.text(), "plain");
    let mut refused = gate.tls().http1().await;
    assert_eq!(refused.get("/later").await.status, 401);
    assert!(gate.ended().await.success());
    let printed = log_with(&gate, "password_absent (2 times)").await;
    assert_eq!(printed.matches("anna").count(), 1, "{printed}");
    let parts = fs::read_dir(gate.folder().join("certs")).unwrap();
    let names = parts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = names.filter(|name| name.ends_with(".part")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn addresses_are_stored_only_if_the_configuration_permits_it() {
    let hub = Hub::start().await;
    let mut gate = Setup::home(&hub.url())
        .top("history: {addresses: off}")
        .password()
        .start()
        .await;
    gate.answers_commands().await;
    assert_eq!(visit(&gate, "/", "app").await, 200);
    let printed = log_with(&gate, "anna").await;
    assert!(!printed.contains("127.0.0.1"), "{printed}");
    gate.terminate();
    assert!(gate.ended().await.success());
    let file = fs::read(gate.folder().join("certs/history")).unwrap();
    let has = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"anna") && !has(&[4, 127, 0, 0, 1]) && !has(b"127.0.0.1"));
}

#[tokio::test]
async fn a_history_of_a_newer_version_is_kept_and_not_overwritten() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url())
        .top("state: .")
        .file("history", "hubgate history 9\nfuture");
    let mut gate = setup.password().start().await;
    gate.line_with("it is of version 9 of the history").await;
    assert_eq!(visit(&gate, "/", "app").await, 200);
    log_with(&gate, "anna").await;
    gate.terminate();
    assert!(gate.ended().await.success());
    let kept = fs::read_to_string(gate.folder().join("history.version-9")).unwrap();
    assert_eq!(kept, "hubgate history 9\nfuture");
    let printed = hubgate(gate.folder(), &["log"]).succeeded();
    assert!(printed.contains("anna"), "{printed}");
}
