//! Faults of networks, in the words of Let's Encrypt and Pebble.

mod documentation;

use std::collections::HashSet;

use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);
const URL: &str = "http://home.example.org/.well-known/acme-challenge/x";

fn hit(peer: &str, answered: bool) -> Hit {
    let peer = peer.parse().unwrap();
    Hit {
        peer,
        at: NOW,
        answered,
    }
}

fn problem(class: Class, detail: &str) -> Problem {
    let mut problem = Problem::new(class, detail);
    problem.identifier = Some("home.example.org".into());
    problem
}

fn told(kind: ChallengeKind, detail: &str, hits: &[Hit]) -> String {
    diagnose(&problem(Class::Validation, detail), Some(kind), hits)
}

fn http(detail: &str, hits: &[Hit]) -> String {
    told(ChallengeKind::Http01, detail, hits)
}

fn of_class(class: Class, detail: &str) -> String {
    diagnose(&problem(class, detail), None, &[])
}

fn timeout(address: &str) -> String {
    format!("{address}: Fetching {URL}: Timeout during connect (likely firewall problem)")
}

#[test]
fn no_answer_and_no_hit_is_the_port_or_the_provider() {
    let told = http(&timeout("203.0.113.5"), &[]);
    assert!(told.starts_with("the CA got no answer at 203.0.113.5, and nothing arrived here"));
    assert!(
        told.contains("forward port 80") && told.contains("CGNAT"),
        "{told}"
    );
}

#[test]
fn refused_without_a_hit_is_a_router_without_a_forward() {
    for refused in [
        format!("203.0.113.5: Fetching {URL}: Connection refused"),
        format!("Get \"{URL}\": dial tcp 203.0.113.5:80: connect: connection refused"),
    ] {
        let told = http(&refused, &[]);
        assert!(told.starts_with("the CA was turned away"), "{told}");
        assert!(told.contains("forward port 80"), "{told}");
    }
}

#[test]
fn ipv6_without_a_hit_is_the_firewall_or_the_aaaa_record() {
    let told = http(&timeout("2001:db8::5"), &[]);
    assert!(told.contains("at 2001:db8::5 over IPv6"), "{told}");
    assert!(told.contains("AAAA record of home.example.org"), "{told}");
}

#[test]
fn hits_over_ipv4_alone_are_a_stale_aaaa_record() {
    let detail = format!("2001:db8::5: Invalid response from {URL}: 404");
    let told = http(&detail, &[hit("::ffff:198.51.100.7", true)]);
    assert!(told.starts_with("the CA arrived over IPv4 only"), "{told}");
    assert!(told.contains("correct the AAAA record"), "{told}");
    let both = http(
        &detail,
        &[hit("198.51.100.7", true), hit("2001:db8::7", true)],
    );
    assert!(!both.contains("AAAA"), "{both}");
}

#[test]
fn what_only_the_first_place_sees_is_blocked_by_country() {
    let detail = format!("During secondary validation: {}", timeout("203.0.113.5"));
    let told = http(&detail, &[hit("198.51.100.7", true)]);
    assert!(told.contains("lets only some countries"), "{told}");
}

#[test]
fn a_right_answer_that_is_not_what_the_ca_saw_is_another_machines() {
    for other in [
        format!("203.0.113.5: Invalid response from {URL}: \"<html>\""),
        "The key authorization file from the server did not match this challenge. \
         Expected \"x.y\" (got \"z\")"
            .to_owned(),
    ] {
        let told = http(&other, &[hit("198.51.100.7", true)]);
        assert!(told.starts_with("we gave the right answer"), "{told}");
    }
}

#[test]
fn another_answer_without_a_hit_is_another_web_server() {
    for other in [
        format!("203.0.113.5: Invalid response from {URL}: 404"),
        format!("Non-200 status code from HTTP: {URL} returned 404"),
    ] {
        let told = http(&other, &[]);
        assert!(told.starts_with("another web server answers"), "{told}");
    }
}

#[test]
fn a_hit_for_an_unknown_challenge_is_another_clients() {
    let detail = format!("203.0.113.5: Invalid response from {URL}: 404");
    let told = http(&detail, &[hit("198.51.100.7", false)]);
    assert!(told.contains("another program gets certificates"), "{told}");
}

#[test]
fn an_answer_that_gets_lost_is_told() {
    let detail = format!(
        "203.0.113.5: Fetching {URL}: Timeout after connect (your server may be slow or overloaded)"
    );
    let told = http(&detail, &[hit("198.51.100.7", true)]);
    assert!(told.contains("did not reach it at 203.0.113.5"), "{told}");
}

#[test]
fn tls_that_ends_in_front_of_us_is_told() {
    for ended in [
        "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge",
        "203.0.113.5: remote error: tls: no application protocol",
    ] {
        let told = told(ChallengeKind::TlsAlpn01, ended, &[]);
        assert!(told.starts_with("another TLS server answers"), "{told}");
    }
    let closed = told(ChallengeKind::TlsAlpn01, &timeout("203.0.113.5"), &[]);
    assert!(closed.contains("forward port 443"), "{closed}");
}

#[test]
fn a_name_without_an_address_is_told() {
    for missing in [
        "DNS problem: NXDOMAIN looking up A for home.example.org - check that a DNS record exists \
         for this domain; DNS problem: NXDOMAIN looking up AAAA for home.example.org - check that \
         a DNS record exists for this domain",
        "no valid A records found for home.example.org; no valid AAAA records found for \
         home.example.org",
    ] {
        let told = http(missing, &[]);
        assert!(
            told.starts_with("the DNS knows no address of home.example.org"),
            "{told}"
        );
    }
}

#[test]
fn name_servers_that_fail_are_told() {
    for failing in [
        "DNS problem: SERVFAIL looking up A for home.example.org - the domain's nameservers may \
         be malfunctioning",
        "During secondary validation: DNS problem: query timed out looking up A for \
         home.example.org",
        "DNS problem: SERVFAIL looking up CAA for example.org - the domain's nameservers may be \
         malfunctioning",
    ] {
        let told = http(failing, &[]);
        assert!(told.starts_with("the name servers of"), "{told}");
    }
}

#[test]
fn a_txt_record_that_is_missing_or_wrong_is_told() {
    let dns = |detail: &str| told(ChallengeKind::Dns01, detail, &[]);
    for missing in [
        "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.home.example.org - check that a \
         DNS record exists for this domain",
        "No TXT record found at _acme-challenge.home.example.org",
    ] {
        assert!(dns(missing).starts_with("the CA found no TXT record"));
    }
    for wrong in [
        "Incorrect TXT record \"a\" (and 2 more) found at _acme-challenge.home.example.org",
        "Correct value not found for DNS challenge",
    ] {
        assert!(dns(wrong).contains("holds another TXT record"));
    }
}

fn of_cause(class: Class, cause: Cause) -> String {
    let problem = problem(class, "the CA's words").caused_by(cause);
    diagnose(&problem, None, &[])
}

#[test]
fn a_caa_record_is_told_as_a_validation_and_as_a_refusal() {
    let caa = of_cause(Class::Refused, Cause::Caa);
    assert!(caa.starts_with("a CAA record"), "{caa}");
    assert_eq!(of_cause(Class::Validation, Cause::Caa), caa);
}

#[test]
fn a_limit_is_told_with_its_end() {
    let detail = "too many certificates (5) already issued for this exact set of identifiers in \
                  the last 168h0m0s, retry after 2026-11-05 08:22:19 UTC";
    let mut problem = problem(Class::RateLimited, detail);
    problem.retry_after = Some(datetime!(2026-11-05 08:22:19 UTC));
    let told = diagnose(&problem, None, &[]);
    assert!(
        told.contains("used up until 5 November 2026 08:22 UTC"),
        "{told}"
    );
}

#[test]
fn a_paused_name_is_told_with_the_page_that_unpauses_it() {
    let mut problem = problem(Class::Paused, "paused");
    problem.link = Some("https://ca.example/unpause".into());
    let told = diagnose(&problem, None, &[]);
    assert!(
        told.ends_with("unpause it at https://ca.example/unpause"),
        "{told}"
    );
}

#[test]
fn the_type_of_a_network_fault_is_its_cause_whatever_the_words() {
    for (cause, begin) in [
        (Cause::NameLookup, "the CA's own name cannot be looked up"),
        (Cause::Unreachable, "the CA cannot be reached from here"),
        (Cause::Untrusted, "the CA's server is not trusted"),
        (Cause::NoTls, "the CA's server does not begin TLS"),
    ] {
        let told = of_cause(Class::Network, cause);
        assert!(told.starts_with(begin), "{told}");
    }
    for words in [
        "the connection broke off while the certificate was fetched",
        "503 for /tls/handshake",
        "lookup service refused, connect timeout",
    ] {
        let told = of_class(Class::Network, words);
        assert!(
            told.starts_with("the CA does not answer sensibly"),
            "{told}"
        );
    }
}

#[test]
fn the_type_of_a_refusal_is_its_cause() {
    let refused = |cause| of_cause(Class::Refused, cause);
    assert!(refused(Cause::RejectedName).contains("under a public domain"));
    assert!(refused(Cause::ExternalAccount).contains("get the key for external account"));
    let mut problem = problem(Class::Refused, "terms have changed").caused_by(Cause::UserAction);
    problem.link = Some("https://ca.example/terms".into());
    let told = diagnose(&problem, None, &[]);
    assert!(told.contains("open https://ca.example/terms,"), "{told}");
}

#[test]
fn every_fault_has_a_sentence_of_its_own() {
    let sentences = documentation::row_faults();
    assert_eq!(
        sentences.iter().collect::<HashSet<_>>().len(),
        sentences.len()
    );
    for sentence in &sentences {
        assert!(
            !sentence.contains('\n') && !sentence.ends_with('.'),
            "{sentence}"
        );
        assert!(sentence.contains(';'), "no cure: {sentence}");
    }
}
