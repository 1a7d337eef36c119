//! Validation requests, their responses and their record.

mod ca;

use super::*;
use crate::acme::problem::Class;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn path(token: &str) -> String {
    format!("{WELL_KNOWN}{token}")
}

#[test]
fn a_request_for_an_active_token_is_answered_and_recorded() {
    let challenges = ActiveChallenges::default();
    let presented = challenges.present_http("token", "token.thumbprint");
    let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    let answer = challenges.clone().answer_http(&path("token"), mapped);
    assert_eq!(answer.as_deref(), Some("token.thumbprint"));
    let [hit] = presented.validation_requests()[..] else {
        panic!("one hit")
    };
    assert_eq!((hit.peer, hit.answered), (PEER, true));
}

#[test]
fn only_the_exact_path_of_an_active_token_is_answered() {
    let challenges = ActiveChallenges::default();
    let _presented = challenges.present_http("token", "answer");
    for path in [
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/token/",
        "/.well-known/acme-challenge//token",
        "/.well-known/acme-challenge/../acme-challenge/token",
        "/.well-known/acme-challenge/token?query",
        "/.well-known/acme-challenge/Token",
        "/x/.well-known/acme-challenge/token",
        "/token",
    ] {
        assert_eq!(challenges.answer_http(path, PEER), None, "{path}");
    }
}

#[test]
fn a_request_for_another_token_is_recorded_unanswered() {
    let challenges = ActiveChallenges::default();
    let presented = challenges.present_http("token", "answer");
    let tls_alpn = challenges
        .present_tls_alpn(&Host::Name("home.example".into()), &[7; 32])
        .unwrap();
    assert_eq!(challenges.answer_http(&path("other"), PEER), None);
    assert!(matches!(
        presented.validation_requests()[..],
        [ValidationRequest {
            answered: false,
            ..
        }]
    ));
    assert_eq!(tls_alpn.validation_requests(), []);
}

#[test]
fn dropping_a_response_deactivates_it_alone() {
    let challenges = ActiveChallenges::default();
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
fn many_foreign_requests_fill_no_memory_and_hide_no_request_of_the_ca() {
    let challenges = ActiveChallenges::default();
    let presented = challenges.present_http("token", "answer");
    for number in 0..1000 {
        assert_eq!(
            challenges.answer_http(&path(&number.to_string()), PEER),
            None
        );
    }
    assert!(challenges.answer_http(&path("token"), PEER).is_some());
    let hits = presented.validation_requests();
    assert!(hits.len() < 100, "{}", hits.len());
    assert!(hits.iter().any(|hit| hit.answered));
}

#[test]
fn a_wildcard_has_no_tls_alpn_response() {
    let wildcard = Host::Wildcard("example.org".into());
    let problem = ActiveChallenges::default().present_tls_alpn(&wildcard, &[7; 32]);
    let problem = problem.err().unwrap();
    assert_eq!(problem.class, Class::Provider);
    assert!(problem.detail.contains("dns-01 only"), "{problem}");
}

#[test]
fn a_handshake_presents_the_digest_for_names_and_addresses() {
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
        let challenges = ActiveChallenges::default();
        let presented = challenges.present_tls_alpn(&identifier, &[7; 32]).unwrap();
        let config = challenges.tls_alpn_config(name, PEER).unwrap();
        ca::check(&ca::presented(&config, name), &identifier, &[7; 32]);
        assert!(
            matches!(
                presented.validation_requests()[..],
                [ValidationRequest { answered: true, .. }]
            ),
            "{host}"
        );
        assert!(challenges.tls_alpn_config(host, PEER).is_none() || host == "home.example");
        drop(presented);
        assert!(challenges.tls_alpn_config(name, PEER).is_none());
    }
}
