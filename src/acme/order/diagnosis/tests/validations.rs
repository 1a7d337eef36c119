//! Diagnoses of failed validations.

use crate::acme::order::diagnosis::tests::*;

#[test]
fn a_time_out_without_a_request_is_the_port_or_the_provider() {
    let sentence = http(&timeout("203.0.113.5"), &[]);
    assert!(sentence.starts_with("the CA got no answer at 203.0.113.5, and nothing arrived here"));
    assert!(
        sentence.contains("forward port 80") && sentence.contains("CGNAT"),
        "{sentence}"
    );
}

#[test]
fn a_refusal_without_a_request_is_a_missing_forward() {
    for refused in [
        format!("203.0.113.5: Fetching {URL}: Connection refused"),
        format!("Get \"{URL}\": dial tcp 203.0.113.5:80: connect: connection refused"),
    ] {
        let sentence = http(&refused, &[]);
        assert!(
            sentence.starts_with("the CA's connection was refused"),
            "{sentence}"
        );
        assert!(sentence.contains("forward port 80"), "{sentence}");
    }
}

#[test]
fn ipv6_without_a_request_is_the_firewall_or_the_aaaa_record() {
    let sentence = http(&timeout("2001:db8::5"), &[]);
    assert!(sentence.contains("IPv6 at 2001:db8::5"), "{sentence}");
    assert!(
        sentence.contains("AAAA record of home.example.org"),
        "{sentence}"
    );
}

#[test]
fn requests_over_ipv4_alone_are_a_stale_aaaa_record() {
    let detail = format!("2001:db8::5: Invalid response from {URL}: 404");
    let sentence = http(&detail, &[request("::ffff:198.51.100.7", true)]);
    assert!(
        sentence.starts_with("the CA's request arrived over IPv4 only"),
        "{sentence}"
    );
    assert!(sentence.contains("correct the AAAA record"), "{sentence}");
    let both = http(
        &detail,
        &[request("198.51.100.7", true), request("2001:db8::7", true)],
    );
    assert!(!both.contains("AAAA"), "{both}");
}

#[test]
fn a_failed_secondary_validation_is_a_block_by_country() {
    let detail = format!("During secondary validation: {}", timeout("203.0.113.5"));
    let sentence = http(&detail, &[request("198.51.100.7", true)]);
    assert!(sentence.contains("the block of countries"), "{sentence}");
}

#[test]
fn a_wrong_answer_despite_a_right_one_is_another_machine() {
    for other in [
        format!("203.0.113.5: Invalid response from {URL}: \"<html>\""),
        "The key authorization file from the server did not match this challenge. \
         Expected \"x.y\" (got \"z\")"
            .to_owned(),
    ] {
        let sentence = http(&other, &[request("198.51.100.7", true)]);
        assert!(
            sentence.starts_with("hubgate answered correctly"),
            "{sentence}"
        );
    }
}

#[test]
fn a_wrong_answer_without_a_request_is_another_web_server() {
    for other in [
        format!("203.0.113.5: Invalid response from {URL}: 404"),
        format!("Non-200 status code from HTTP: {URL} returned 404"),
    ] {
        let sentence = http(&other, &[]);
        assert!(
            sentence.starts_with("another web server answers"),
            "{sentence}"
        );
    }
}

#[test]
fn a_request_for_an_unknown_challenge_is_another_client() {
    let detail = format!("203.0.113.5: Invalid response from {URL}: 404");
    let sentence = http(&detail, &[request("198.51.100.7", false)]);
    assert!(
        sentence.contains("another program gets certificates"),
        "{sentence}"
    );
}

#[test]
fn a_lost_answer_is_a_firewall_or_the_mtu() {
    let detail = format!(
        "203.0.113.5: Fetching {URL}: Timeout after connect (your server may be slow or overloaded)"
    );
    let sentence = http(&detail, &[request("198.51.100.7", true)]);
    assert!(
        sentence.contains("did not reach the CA at 203.0.113.5"),
        "{sentence}"
    );
}

#[test]
fn a_tls_server_in_front_is_reported() {
    for ended in [
        "Cannot negotiate ALPN protocol \"acme-tls/1\" for tls-alpn-01 challenge",
        "203.0.113.5: remote error: tls: no application protocol",
    ] {
        let sentence = validation(ChallengeKind::TlsAlpn01, ended, &[]);
        assert!(
            sentence.starts_with("another TLS server answers"),
            "{sentence}"
        );
    }
    let closed = validation(ChallengeKind::TlsAlpn01, &timeout("203.0.113.5"), &[]);
    assert!(closed.contains("forward port 443"), "{closed}");
}

#[test]
fn a_name_without_an_address_is_reported() {
    for missing in [
        "DNS problem: NXDOMAIN looking up A for home.example.org - check that a DNS record exists \
         for this domain; DNS problem: NXDOMAIN looking up AAAA for home.example.org - check that \
         a DNS record exists for this domain",
        "no valid A records found for home.example.org; no valid AAAA records found for \
         home.example.org",
    ] {
        let sentence = http(missing, &[]);
        assert!(
            sentence.starts_with("the DNS knows no address of home.example.org"),
            "{sentence}"
        );
    }
}

#[test]
fn failing_name_servers_are_reported() {
    for failing in [
        "DNS problem: SERVFAIL looking up A for home.example.org - the domain's nameservers may \
         be malfunctioning",
        "During secondary validation: DNS problem: query timed out looking up A for \
         home.example.org",
        "DNS problem: SERVFAIL looking up CAA for example.org - the domain's nameservers may be \
         malfunctioning",
    ] {
        let sentence = http(failing, &[]);
        assert!(sentence.starts_with("the name servers of"), "{sentence}");
    }
}

#[test]
fn a_missing_or_wrong_txt_record_is_reported() {
    let dns = |detail: &str| validation(ChallengeKind::Dns01, detail, &[]);
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
        assert!(dns(wrong).contains("a TXT record that is not hubgate's"));
    }
}
