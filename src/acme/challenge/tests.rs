//! Who is shown a proof, and what is remembered of the visit.

mod ca;

use super::*;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn path(token: &str) -> String {
    format!("{WELL_KNOWN}{token}")
}

#[test]
fn a_live_token_is_answered_and_the_visit_remembered() {
    let challenges = Challenges::default();
    let up = challenges.present_http("token", "token.thumbprint");
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    let answer = challenges.clone().answer_http(&path("token"), mapped);
    assert_eq!(answer.as_deref(), Some("token.thumbprint"));
    let [hit] = up.hits()[..] else {
        panic!("one hit")
    };
    assert_eq!((hit.peer, hit.answered), (PEER, true));
}

#[test]
fn only_the_exact_path_of_a_live_token_is_answered() {
    let challenges = Challenges::default();
    let _up = challenges.present_http("token", "answer");
    for odd in [
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/token/",
        "/.well-known/acme-challenge//token",
        "/.well-known/acme-challenge/../acme-challenge/token",
        "/.well-known/acme-challenge/token?query",
        "/.well-known/acme-challenge/Token",
        "/x/.well-known/acme-challenge/token",
        "/token",
    ] {
        assert_eq!(challenges.answer_http(odd, PEER), None, "{odd}");
    }
}

#[test]
fn who_asks_for_another_token_is_remembered_unanswered() {
    let challenges = Challenges::default();
    let up = challenges.present_http("token", "answer");
    let elsewhere = challenges
        .present_tls_alpn(&Host::Name("home.example".into()), &[7; 32])
        .unwrap();
    assert_eq!(challenges.answer_http(&path("other"), PEER), None);
    assert!(matches!(
        up.hits()[..],
        [Hit {
            answered: false,
            ..
        }]
    ));
    assert_eq!(elsewhere.hits(), []);
}

#[test]
fn a_dropped_proof_is_gone_and_takes_no_other_with_it() {
    let challenges = Challenges::default();
    let old = challenges.present_http("token", "old");
    let new = challenges.present_http("token", "new");
    let answer = || challenges.answer_http(&path("token"), PEER);
    assert_eq!(answer().as_deref(), Some("new"));
    drop(new);
    assert_eq!(answer().as_deref(), Some("old"));
    drop(old);
    assert_eq!(answer(), None);
}

#[test]
fn strangers_neither_fill_the_memory_nor_hide_the_ca() {
    let challenges = Challenges::default();
    let up = challenges.present_http("token", "answer");
    for number in 0..1000 {
        assert_eq!(
            challenges.answer_http(&path(&number.to_string()), PEER),
            None
        );
    }
    assert!(challenges.answer_http(&path("token"), PEER).is_some());
    let hits = up.hits();
    assert!(hits.len() < 100, "{}", hits.len());
    assert!(hits.iter().any(|hit| hit.answered));
}

#[test]
fn a_wildcard_has_no_tls_alpn() {
    let wildcard = Host::Wildcard("example.org".into());
    let problem = Challenges::default().present_tls_alpn(&wildcard, &[7; 32]);
    let problem = problem.err().unwrap();
    assert_eq!(problem.class, Class::Provider);
    assert!(problem.detail.contains("dns-01 only"), "{problem}");
}

#[test]
fn a_handshake_shows_the_digest_for_names_and_addresses() {
    for (host, name) in [
        ("home.example", "Home.example"),
        ("192.0.2.5", "5.2.0.192.in-addr.arpa"),
        (
            "2001:db8::5",
            "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        ),
    ] {
        let identifier = match host.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::Name(host.into()),
        };
        let challenges = Challenges::default();
        let up = challenges.present_tls_alpn(&identifier, &[7; 32]).unwrap();
        let config = challenges.tls_alpn_config(name, PEER).unwrap();
        ca::check(&ca::look(&config, name), &identifier, &[7; 32]);
        assert!(
            matches!(up.hits()[..], [Hit { answered: true, .. }]),
            "{host}"
        );
        assert!(challenges.tls_alpn_config(host, PEER).is_none() || host == "home.example");
        drop(up);
        assert!(challenges.tls_alpn_config(name, PEER).is_none());
    }
}
