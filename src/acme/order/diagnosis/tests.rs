//! Diagnoses of network faults, from the words of Let's Encrypt and Pebble.

mod documentation;
mod validations;

use std::collections::HashSet;

use time::macros::datetime;

use crate::acme::order::diagnosis::*;

const NOW: OffsetDateTime = datetime!(2026-11-03 12:00 UTC);
const URL: &str = "http://home.example.org/.well-known/acme-challenge/x";

fn request(peer: &str, answered: bool) -> ValidationRequest {
    let peer = peer.parse().unwrap();
    ValidationRequest {
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

fn validation(kind: ChallengeKind, detail: &str, requests: &[ValidationRequest]) -> String {
    let problem = problem(Class::Validation, detail);
    let diagnosis = Diagnosis::new(&problem).with_challenge(Some(kind), requests);
    diagnosis.sentence()
}

fn http(detail: &str, requests: &[ValidationRequest]) -> String {
    validation(ChallengeKind::Http01, detail, requests)
}

fn of_class(class: Class, detail: &str) -> String {
    Diagnosis::new(&problem(class, detail)).sentence()
}

fn timeout(address: &str) -> String {
    format!("{address}: Fetching {URL}: Timeout during connect (likely firewall problem)")
}

fn of_cause(class: Class, cause: Cause) -> String {
    let problem = problem(class, "the CA's words").caused_by(cause);
    Diagnosis::new(&problem).sentence()
}

#[test]
fn a_caa_record_has_one_sentence_as_validation_and_as_refusal() {
    let caa = of_cause(Class::Refused, Cause::Caa);
    assert!(caa.starts_with("a CAA record"), "{caa}");
    assert_eq!(of_cause(Class::Validation, Cause::Caa), caa);
}

#[test]
fn a_rate_limit_is_reported_with_its_end() {
    let detail = "too many certificates (5) already issued for this exact set of identifiers in \
                  the last 168h0m0s, retry after 2026-11-05 08:22:19 UTC";
    let mut problem = problem(Class::RateLimited, detail);
    problem.retry_after = Some(datetime!(2026-11-05 08:22:19 UTC));
    let sentence = Diagnosis::new(&problem).sentence();
    assert!(
        sentence.contains("used up until 5 November 2026 08:22 UTC"),
        "{sentence}"
    );
}

#[test]
fn a_paused_name_is_reported_with_the_page_that_unpauses_it() {
    let mut problem = problem(Class::Paused, "paused");
    problem.link = Some("https://ca.example/unpause".into());
    let sentence = Diagnosis::new(&problem).sentence();
    assert!(
        sentence.ends_with("unpause it at https://ca.example/unpause"),
        "{sentence}"
    );
}

#[test]
fn the_type_of_a_network_fault_outweighs_its_words() {
    for (cause, begin) in [
        (Cause::NameLookup, "the CA's own name cannot be looked up"),
        (Cause::Unreachable, "the CA cannot be reached from here"),
        (Cause::Untrusted, "the CA's server is not trusted"),
        (Cause::NoTls, "the CA's server does not begin TLS"),
    ] {
        let sentence = of_cause(Class::Network, cause);
        assert!(sentence.starts_with(begin), "{sentence}");
    }
    for words in [
        "the connection broke off while the certificate was fetched",
        "503 for /tls/handshake",
        "lookup service refused, connect timeout",
    ] {
        let sentence = of_class(Class::Network, words);
        assert!(
            sentence.starts_with("the CA does not answer sensibly"),
            "{sentence}"
        );
    }
}

#[test]
fn the_type_of_a_refusal_selects_the_cure() {
    let refused = |cause| of_cause(Class::Refused, cause);
    assert!(refused(Cause::RejectedName).contains("under a public domain"));
    assert!(refused(Cause::ExternalAccount).contains("get the key for external account"));
    let mut problem = problem(Class::Refused, "terms have changed").caused_by(Cause::UserAction);
    problem.link = Some("https://ca.example/terms".into());
    let sentence = Diagnosis::new(&problem).sentence();
    assert!(
        sentence.contains("open https://ca.example/terms,"),
        "{sentence}"
    );
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
