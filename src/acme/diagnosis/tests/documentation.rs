//! Each sentence of docs/certificates.md has its fault.

use super::*;

/// A fault for each row of the table "What it says when it fails" in docs/certificates.md, but for
/// that of the schedule.
pub(super) fn row_faults() -> Vec<String> {
    let v4 = [hit("198.51.100.7", true)];
    let v6 = timeout("2001:db8::5");
    let strange = [hit("198.51.100.7", false)];
    let network = |cause| of_cause(Class::Network, cause);
    let tls = |detail| told(ChallengeKind::TlsAlpn01, detail, &[]);
    let dns = |detail| told(ChallengeKind::Dns01, detail, &[]);
    let mut limited = problem(Class::RateLimited, "too many");
    limited.retry_after = Some(NOW);
    vec![
        http(&timeout("203.0.113.5"), &[]),
        http("203.0.113.5: Connection refused", &[]),
        http(&v6, &[]),
        http(&v6, &v4),
        http("203.0.113.5: Invalid response from http://x: 404", &[]),
        tls("203.0.113.5: Cannot negotiate ALPN protocol"),
        http("203.0.113.5: Invalid response from http://x: 404", &v4),
        http("203.0.113.5: Invalid response from http://x: 404", &strange),
        http("203.0.113.5: Timeout after connect", &v4),
        http("During secondary validation: 203.0.113.5: Timeout", &v4),
        http(
            "DNS problem: NXDOMAIN looking up A for home.example.org",
            &[],
        ),
        http(
            "DNS problem: SERVFAIL looking up A for home.example.org",
            &[],
        ),
        dns("No TXT record found"),
        dns("Incorrect TXT record"),
        of_cause(Class::Validation, Cause::Caa),
        of_class(Class::Provider, "the hook ended with 1"),
        diagnose(&limited, None, &[]),
        of_class(Class::Paused, "paused"),
        of_class(Class::Refused, "no"),
        of_cause(Class::Refused, Cause::UserAction),
        network(Cause::Unreachable),
        network(Cause::NameLookup),
        network(Cause::Untrusted),
        network(Cause::NoTls),
        of_class(Class::Network, "503"),
        of_class(
            Class::Unusable,
            "the CA sent what cannot be served: no certificate",
        ),
        of_class(Class::OrderGone, "no such order"),
    ]
}

/// The beginnings of the table's sentences, up to the part that differs.
fn rows() -> Vec<&'static str> {
    let text = include_str!("../../../../docs/certificates.md");
    let (_, table) = text.split_once("| it says | do |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let begin = |row: &'static str| {
        // What differs is not compared.
        let said = row.split('|').nth(1).unwrap().trim();
        let gaps = ["ADDRESS", "NAME", "(CAUSE", "…"].iter();
        let end = gaps.filter_map(|gap| said.find(gap)).min();
        said[..end.unwrap_or(said.len())].trim_end()
    };
    rows.map(begin).collect()
}

#[test]
fn each_sentence_of_the_documentation_has_its_fault() {
    let (mut faults, rows) = (row_faults(), rows());
    // Of the schedule.
    faults.push("the clock is wrong".to_owned());
    assert!(rows.len() > 20, "{rows:?}");
    for row in &rows {
        let has_fault = faults.iter().any(|told| told.starts_with(row));
        assert!(has_fault, "no fault says: {row}");
    }
    for told in &faults {
        let is_documented = rows.iter().any(|row| told.starts_with(row));
        assert!(is_documented, "not documented: {told}");
    }
}
