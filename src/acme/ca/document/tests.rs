//! Problem documents of real CAs and the problems they describe.

use time::macros::datetime;

use crate::acme::ca::document::*;

fn problem(status: u16, json: &str) -> Problem {
    let parsed: instant_acme::Problem = serde_json::from_str(json).unwrap();
    Document::new(&parsed).problem(Some(StatusCode::from_u16(status).unwrap()))
}

fn document(kind: &str, detail: &str) -> String {
    serde_json::json!({"type": format!("{URN}{kind}"), "detail": detail}).to_string()
}

/// HTTP status, type and detail of documents, with their class.
const KINDS: &[(u16, &str, &str, Class)] = &[
    (
        400,
        "accountDoesNotExist",
        "Account \"https://ca/acct/1\" not found",
        Class::AccountGone,
    ),
    (
        403,
        "unauthorized",
        "Account is not valid, has status \"deactivated\"",
        Class::AccountGone,
    ),
    (
        409,
        "alreadyReplaced",
        "cannot indicate an order replaces",
        Class::AlreadyReplaced,
    ),
    (
        400,
        "invalidProfile",
        "profile name \"x\" not recognized",
        Class::InvalidProfile,
    ),
    (
        400,
        "badNonce",
        "JWS has an invalid anti-replay nonce",
        Class::Network,
    ),
    (
        500,
        "serverInternal",
        "Failed to retrieve order for ID 1",
        Class::Network,
    ),
    (
        503,
        "rateLimited",
        "Service busy; retry later.",
        Class::Network,
    ),
    (
        429,
        "rateLimited",
        "too many new orders",
        Class::RateLimited,
    ),
    (
        400,
        "rejectedIdentifier",
        "The ACME server refuses to issue",
        Class::Refused,
    ),
    (400, "unsupportedIdentifier", "type \"ip\"", Class::Refused),
    (
        400,
        "badCSR",
        "Error parsing certificate request",
        Class::Refused,
    ),
    (
        403,
        "caa",
        "CAA record for example.org prevents issuance",
        Class::Refused,
    ),
    (403, "externalAccountRequired", "No EAB", Class::Refused),
    (
        400,
        "userActionRequired",
        "the terms of service have changed",
        Class::Refused,
    ),
    (400, "malformed", "Parse error reading JWS", Class::Refused),
    (
        403,
        "orderNotReady",
        "Order's status (\"pending\") is not acceptable",
        Class::OrderGone,
    ),
    (
        403,
        "unauthorized",
        "Invalid response from http://x: 404",
        Class::Validation,
    ),
    (
        400,
        "connection",
        "1.2.3.4: Timeout during connect",
        Class::Validation,
    ),
    (
        400,
        "dns",
        "DNS problem: NXDOMAIN looking up A for x",
        Class::Validation,
    ),
    (
        400,
        "tls",
        "remote error: tls: handshake failure",
        Class::Validation,
    ),
    (
        403,
        "incorrectResponse",
        "Key authorization mismatch",
        Class::Validation,
    ),
];

#[test]
fn each_type_has_a_class() {
    for &(status, kind, detail, class) in KINDS {
        let problem = problem(status, &document(kind, detail));
        assert_eq!((problem.class, &*problem.detail), (class, detail), "{kind}");
    }
}

#[test]
fn a_foreign_type_is_classified_by_the_status() {
    for (status, class) in [
        (429, Class::RateLimited),
        (502, Class::Network),
        (400, Class::Refused),
    ] {
        let json = r#"{"type": "about:blank", "detail": "no"}"#;
        assert_eq!(problem(status, json).class, class, "{status}");
    }
    assert_eq!(
        problem(400, "{}").detail,
        "a problem document without a text"
    );
}

#[test]
fn a_rate_limit_ends_at_the_moment_in_its_detail() {
    let detail = "too many certificates (5) already issued for this exact set of identifiers in \
                  the last 168h0m0s, retry after 2026-11-26 10:00:00 UTC: see \
                  https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set";
    let problem = problem(429, &document("rateLimited", detail));
    assert_eq!(problem.class, Class::RateLimited);
    assert_eq!(problem.retry_after, Some(datetime!(2026-11-26 10:00 UTC)));
    assert_eq!(problem.link, None);
}

#[test]
fn a_paused_name_has_the_link_to_unpause_it() {
    let link = "https://portal.letsencrypt.org/sfe/v1/unpause?jwt=eyJ.a-b_c.d";
    let detail = format!(
        "Your account is temporarily prevented from requesting certificates for home.example.org \
         and possibly others. Please visit: {link}"
    );
    for (status, kind) in [(429, "rateLimited"), (403, "unauthorized")] {
        let problem = problem(status, &document(kind, &detail));
        assert_eq!(problem.class, Class::Paused, "{kind}");
        assert_eq!(problem.link.as_deref(), Some(link));
    }
}

#[test]
fn the_identifier_is_that_of_the_only_subproblem() {
    let json = r#"{"type": "urn:ietf:params:acme:error:malformed",
        "detail": "Some of the identifiers requested were rejected", "subproblems": [
        {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "policy forbids it",
         "identifier": {"type": "dns", "value": "example.net"}}]}"#;
    let problem = problem(400, json);
    assert_eq!(problem.class, Class::Refused);
    assert_eq!(problem.identifier.as_deref(), Some("example.net"));
    assert!(
        problem.detail.ends_with("; example.net: policy forbids it"),
        "{problem}"
    );
}

#[test]
fn two_subproblems_are_both_in_the_detail_and_neither_is_the_identifier() {
    let json = r#"{"type": "urn:ietf:params:acme:error:compound", "subproblems": [
        {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids",
         "identifier": {"type": "dns", "value": "a.example"}},
        {"type": "urn:ietf:params:acme:error:dns", "detail": "SERVFAIL",
         "identifier": {"type": "ip", "value": "10.0.0.1"}}]}"#;
    let problem = problem(403, json);
    assert_eq!(
        (problem.class, &problem.identifier),
        (Class::Refused, &None)
    );
    assert!(
        problem
            .detail
            .contains("a.example: CAA forbids; 10.0.0.1: SERVFAIL"),
        "{problem}"
    );
}

#[test]
fn the_detail_is_one_line_of_bounded_length() {
    let detail = format!("line\r\nline\u{1b}[31m \t{}", "x".repeat(5000));
    let problem = problem(400, &document("malformed", &detail));
    assert!(problem.detail.starts_with("line line [31m x"), "{problem}");
    assert_eq!(problem.detail.chars().count(), 1000);
}
