//! Passwords: every hash format in use, changes of the file, and growing delays of guesses.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{ANNA, Client, DEADLINE, HTPASSWD, Hubgate, Setup, eventually},
    hub::Hub,
};

/// A user of each format, all but the last two with the password `correct horse`.
#[rustfmt::skip]
const USERS: [(&str, &str, &str); 9] = [
    ("apr1", "correct horse", "$apr1$abcdefgh$sIQmFnT1CuEXAsyjuXjUX/"),
    ("sha256", "correct horse", "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"),
    ("sha512", "correct horse", "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0"),
    ("rounds", "hi", "$5$rounds=1000$saltstring$hGLxSftPdcVgwdI4njk0G6D3Ru5ZDR4fHJPoKkGZbt."),
    ("bcrypt-y", "correct horse", "$2y$04$OnWaMhiZXUzCxvVE0XVcr.XiGGGwhvxygfZxOSDt.DAF/MAO3hjXu"),
    ("sha", "correct horse", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="),
    ("ssha", "correct horse", "{SSHA}Ki+Q9Ri8Nn2QN1jUbcaqfsgK/pJOYUNs"),
    ("bcrypt-a", "pässwörd", "$2a$04$dcWifciiZOFdyMTeypAwreNfJ1DySZ/oCpmDKvbpXwNvpW5c6Gyuu"),
    ("bcrypt-b", "pässwörd", "$2b$04$dcWifciiZOFdyMTeypAwreNfJ1DySZ/oCpmDKvbpXwNvpW5c6Gyuu"),
];

/// More guesses than any client has free.
const GUESSES: usize = 12;
/// Guesses of an address that are checked before it has to wait.
const LOOKED_AT: usize = 6;

#[tokio::test]
async fn every_hash_format_in_use_admits_its_user() {
    let hub = Hub::start().await;
    let lines: String = USERS
        .map(|(user, _, hash)| format!("{user}:{hash}\n"))
        .concat();
    let gate = with_file(&hub, &lines).await;
    for (user, password, _) in USERS {
        let wrong = status(&gate.tls(), user, &format!("{password} ")).await;
        assert_eq!(wrong, 401, "{user}");
        let right = basic(user, password);
        let fields = [("authorization", right.as_str())];
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), "/", &fields).await,
            IN,
            "{user}"
        );
    }
}

#[tokio::test]
async fn a_broken_line_is_reported_with_its_number_and_the_others_work() {
    let hub = Hub::start().await;
    let lines = format!("plain:{{PLAIN}}secret\ndes:gezlltSR9xVM.\nnothing\n{HTPASSWD}");
    let gate = with_file(&hub, &lines).await;
    gate.line_with("htpasswd:1: user \"plain\": {PLAIN} (clear text) is not supported")
        .await;
    gate.line_with("htpasswd:2: user \"des\": crypt(3) DES is not supported")
        .await;
    gate.line_with("htpasswd:3: no colon").await;
    assert_eq!(status(&gate.tls(), "plain", "secret").await, 401);
    assert_eq!(status(&gate.tls(), "des", "secret").await, 401);
    assert_eq!(status(&gate.tls(), "anna", "secret").await, 200);
    assert!(!gate.printed().contains("{PLAIN}secret"));
    gate.write("htpasswd", &format!("{HTPASSWD}late\n"));
    gate.line_with("htpasswd:2: no colon").await;
}

#[tokio::test]
async fn a_changed_file_counts_at_once_and_old_passwords_do_not() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let mut client = gate.tls().http2().await;
    let old = [("authorization", ANNA)];
    let new = basic("anna", "correct horse");
    let new = [("authorization", new.as_str())];
    let get = http::Method::GET;
    assert_eq!(
        client.exchange(get.clone(), "/", &old, "").await.status,
        200
    );
    assert_eq!(
        client.exchange(get.clone(), "/", &old, "").await.status,
        200
    );
    gate.write("htpasswd", &format!("anna:{}\n", USERS[5].2));
    gate.line_with("htpasswd was read again").await;
    assert_eq!(
        client.exchange(get.clone(), "/", &new, "").await.status,
        200
    );
    assert_eq!(
        client.exchange(get.clone(), "/", &old, "").await.status,
        401
    );
    assert_eq!(client.exchange(get, "/", &new, "").await.status, 200);
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_response() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let mut answers = Vec::new();
    for (user, password) in [("anna", "wrong"), ("nobody", "secret"), ("", "")] {
        let fields = [("authorization", basic(user, password))];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let mut client = gate.tls().http1().await;
        let mut answer = client.exchange(http::Method::GET, "/", &fields, "").await;
        answer.head.fields.retain(|(name, _)| name != "date");
        answers.push((answer.status, answer.head.fields, answer.body));
    }
    assert_eq!(answers[0].0, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn guesses_are_slowed_down_across_connections_and_protocols() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let guesser = gate.tls().from("127.0.0.9");
    for guess in 0..GUESSES {
        status(&guesser, "anna", &format!("guess {guess}")).await;
    }
    let right = [("authorization", ANNA)];
    assert_eq!(
        statuses_on_each_protocol(&guesser, "/", &right).await,
        [429; 3]
    );
    let answer = guesser.http2().await;
    let answer = { answer }
        .exchange(http::Method::GET, "/", &right, "")
        .await;
    let after: u64 = answer.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
    assert!(hub.requests().is_empty());
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &right).await,
        IN,
        "the owner"
    );
    assert_eq!(status(&guesser, "", "").await, 429);
    let empty = guesser.http1().await.get("/").await;
    assert_eq!(empty.status, 401, "nothing guessed, nothing held back");
}

#[tokio::test]
async fn waiting_as_announced_lets_the_owner_in_again() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let mut last = 401;
    for guess in 0..GUESSES {
        if last == 429 {
            break;
        }
        last = status(&gate.tls(), "anna", &format!("guess {guess}")).await;
    }
    assert_eq!(last, 429);
    eventually(DEADLINE, "the wait is over", async || {
        status(&gate.tls(), "anna", "secret").await == 200
    })
    .await;
}

#[tokio::test]
async fn the_line_of_a_failed_login_names_address_user_and_host_each_way() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let caller = gate.tls().from("127.0.0.9");
    let wrong = basic("anna", "wrong");
    let fields = [("authorization", wrong.as_str())];
    statuses_on_each_protocol(&caller, "/", &fields).await;
    let line = format!(
        "login failed from 127.0.0.9 for user \"anna\" on {}",
        caller.host()
    );
    eventually(DEADLINE, "three lines", async || {
        gate.printed().matches(&line).count() == 3
    })
    .await;
}

#[tokio::test]
async fn the_right_password_enters_from_a_new_address_while_many_others_guess() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    for host in 1..=24 {
        let guesser = gate.tls().from(&format!("127.0.1.{host}"));
        for guess in 0..6 {
            status(&guesser, "anna", &format!("guess {guess}")).await;
        }
    }
    let spent = gate.tls().from("127.0.1.1");
    assert_eq!(status(&spent, "anna", "one more").await, 429);
    for host in 1..=25 {
        let owner = gate.tls().from(&format!("127.0.2.{host}"));
        assert_eq!(status(&owner, "anna", "secret").await, 200, "{host}");
    }
    let clumsy = gate.tls().from("127.0.3.1");
    for word in ["secrte", "secert"] {
        assert_eq!(status(&clumsy, "anna", word).await, 401);
    }
    // A file that is read again forgets what was right: this one is hashed.
    gate.write("htpasswd", &format!("{HTPASSWD}# changed\n"));
    gate.line_with("htpasswd was read again").await;
    assert_eq!(status(&clumsy, "anna", "secret").await, 200);
}

#[tokio::test]
async fn guesses_at_a_public_place_are_logged_and_held_back_as_anywhere_else() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /static/, access: public}]")
        .start()
        .await;
    for (user, address) in [("anna", "127.0.0.8"), ("nobody", "127.0.0.9")] {
        let guesser = gate.tls().from(address);
        let wrong = basic(user, "wrong");
        for _ in 0..GUESSES {
            let fields = [("authorization", wrong.as_str())];
            let mut client = guesser.http2().await;
            let answer = client
                .exchange(http::Method::GET, "/static/a", &fields, "")
                .await;
            assert_eq!(answer.status, 200);
        }
        let line = format!("login failed from {address} for user \"{user}\" on ");
        eventually(
            DEADLINE,
            "a line for each guess that is looked at",
            async || gate.printed().matches(&line).count() >= LOOKED_AT,
        )
        .await;
        assert_eq!(status(&guesser, "anna", "secret").await, 429, "{user}");
    }
}

#[tokio::test]
async fn unchecked_guesses_are_logged_at_most_once_a_second() {
    let hub = Hub::start().await;
    let gate = with_file(&hub, HTPASSWD).await;
    let mut client = gate.tls().http1().await;
    let wrong = basic("anna", "wrong");
    let fields = [("authorization", wrong.as_str())];
    let begun = Instant::now();
    let mut held_back = 0;
    for _ in 0..500 {
        let answer = client.exchange(http::Method::GET, "/", &fields, "").await;
        held_back += usize::from(answer.status == 429);
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(held_back > 400, "{held_back}");
    gate.line_with("login failed").await;
    let lines = gate.printed().matches("login failed").count();
    assert!(lines <= 500 - held_back + seconds + 2, "{lines}");
}

#[tokio::test]
async fn a_token_of_the_hub_is_no_failed_login_where_it_is_not_needed() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /static/, access: public}]")
        .start()
        .await;
    let token = basic("oh.phone.abc", "");
    for _ in 0..GUESSES {
        let fields = [("authorization", token.as_str())];
        let mut client = gate.tls().http1().await;
        let answer = client
            .exchange(http::Method::GET, "/static/a", &fields, "")
            .await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(status(&gate.tls(), "anna", "secret").await, 200);
    let request = hub.request("/static/a").await;
    assert_eq!(request.field("authorization"), Some(token.as_str()));
    assert!(!gate.printed().contains("login failed"));
}

async fn with_file(hub: &Hub, lines: &str) -> Hubgate {
    Setup::home(&hub.url())
        .file("htpasswd", lines)
        .site("access: {password: htpasswd}")
        .start()
        .await
}

async fn status(caller: &Client, user: &str, password: &str) -> u16 {
    let credential = basic(user, password);
    let fields = [("authorization", credential.as_str())];
    let mut client = caller.http1().await;
    client
        .exchange(http::Method::GET, "/", &fields, "")
        .await
        .status
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn another_sites_page_spends_no_tries_of_its_reader() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .password()
        .site("paths: [{path: /static/, access: public}]")
        .start()
        .await;
    let reader = gate.tls().from("127.0.0.9");
    let wrong = basic("anna", "wrong");
    let fields = [
        ("authorization", wrong.as_str()),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.test"),
    ];
    for target in ["/", "/static/a"] {
        for _ in 0..GUESSES {
            let mut client = reader.http1().await;
            let answer = client
                .exchange(http::Method::POST, target, &fields, "")
                .await;
            assert!(matches!(answer.status, 200 | 403), "{}", answer.status);
        }
    }
    assert_eq!(status(&reader, "anna", "secret").await, 200);
    assert!(!gate.printed().contains("login failed"));
}
