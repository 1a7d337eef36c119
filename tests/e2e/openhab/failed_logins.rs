//! Failed logins are logged with the peer's address and slowed down.

use http::Method;

use crate::{
    harness::{Client, Response, Setup},
    hub::Hub,
};

/// `anna:secret`
const RIGHT: &str = "Basic YW5uYTpzZWNyZXQ=";
/// `anna:wrong`
const WRONG: &str = "Basic YW5uYTp3cm9uZw==";

/// More guesses than any client has free.
const GUESSES: usize = 20;

#[tokio::test]
async fn a_failed_login_is_logged_with_the_real_address() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    login(&gate.tls().from("127.0.0.9"), WRONG).await;
    gate.line_with(r#"login failed from 127.0.0.9 for user "anna" on home.test"#)
        .await;
    assert!(!gate.printed().contains("wrong"));
}

#[tokio::test]
async fn a_user_name_cannot_forge_the_address() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    // x" on y login failed from 203.0.113.1 for user "a:b
    let quotes = "Basic eCIgb24geSBsb2dpbiBmYWlsZWQgZnJvbSAyMDMuMC4xMTMuMSBmb3IgdXNlciAiYTpi";
    // the same with a line feed before "login"
    let lines = "Basic eCIgb24geQpsb2dpbiBmYWlsZWQgZnJvbSAyMDMuMC4xMTMuMSBmb3IgdXNlciAiYTpi";
    for forged in [lines, quotes] {
        assert_eq!(login(&gate.tls(), forged).await.status, 401);
    }
    gate.line_with("login failed from 127.0.0.1").await;
    let forged = r#"login failed from 203.0.113.1 for user "a""#;
    for line in gate.printed().lines() {
        assert!(!line.contains(forged), "{line}");
        assert!(!line.starts_with("login failed from 203"), "{line}");
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_is_not() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let (owner, guesser) = (gate.tls(), gate.tls().from("127.0.0.9"));
    assert_eq!(login(&owner, RIGHT).await.status, 200);
    let first = login(&guesser, WRONG).await;
    assert_eq!(first.status, 401, "the first guess is free");
    let mut last = first;
    for _ in 1..GUESSES {
        last = login(&guesser, WRONG).await;
    }
    assert_eq!(last.status, 429);
    let after: u64 = last.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&after), "{after}");
    assert_eq!(login(&owner, RIGHT).await.status, 200);
    assert_eq!(hub.requests().len(), 2);
}

#[tokio::test]
async fn guesses_at_once_are_slowed_down_too() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    let guesser = gate.tls().from("127.0.0.9");
    let guesses = (0..GUESSES).map(|_| login(&guesser, WRONG));
    let answers = futures_util::future::join_all(guesses).await;
    let slowed = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(
        slowed >= GUESSES / 2,
        "{slowed} of {GUESSES} were slowed down"
    );
}

async fn login(caller: &Client, authorization: &str) -> Response {
    let mut client = caller.http1().await;
    let fields = [("authorization", authorization)];
    client.exchange(Method::GET, "/", &fields, "").await
}
