//! The table of sentences in docs/certificates.md.

use crate::acme::order::diagnosis::tests::*;

/// Returns a sentence for each row of the table, except that of the schedule.
pub(super) fn row_faults() -> Vec<String> {
    let v4 = [request("198.51.100.7", true)];
    let v6 = timeout("2001:db8::5");
    let unknown = [request("198.51.100.7", false)];
    let network = |cause| of_cause(Class::Network, cause);
    let tls = |detail| validation(ChallengeKind::TlsAlpn01, detail, &[]);
    let dns = |detail| validation(ChallengeKind::Dns01, detail, &[]);
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
        http("203.0.113.5: Invalid response from http://x: 404", &unknown),
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
        Diagnosis::new(&limited).sentence(),
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
            "the CA sent a certificate that cannot be served: no key",
        ),
        of_class(Class::OrderGone, "no such order"),
    ]
}

/// Returns the sentences of the table up to their first placeholder.
fn rows() -> Vec<&'static str> {
    let text = include_str!("../../../../../docs/certificates.md");
    let (_, table) = text.split_once("| it says | do |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let begin = |row: &'static str| {
        let sentence = row.split('|').nth(1).unwrap().trim();
        let gaps = ["ADDRESS", "NAME", "(CAUSE", "…"].iter();
        let end = gaps.filter_map(|gap| sentence.find(gap)).min();
        sentence[..end.unwrap_or(sentence.len())].trim_end()
    };
    rows.map(begin).collect()
}

#[test]
fn each_sentence_of_the_documentation_has_a_fault() {
    let (mut faults, rows) = (row_faults(), rows());
    // The sentence of the schedule.
    faults.push("the clock is wrong".to_owned());
    assert!(rows.len() > 20, "{rows:?}");
    for row in &rows {
        let has_fault = faults.iter().any(|fault| fault.starts_with(row));
        assert!(has_fault, "no fault says: {row}");
    }
    for fault in &faults {
        let is_documented = rows.iter().any(|row| fault.starts_with(row));
        assert!(is_documented, "not documented: {fault}");
    }
}
