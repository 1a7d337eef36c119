//! The registry: names, revocations and expiry.

use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-25 12:00 UTC);

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn client(owner: &str, serial: &str, days: i64) -> DeviceCertificate {
    DeviceCertificate {
        name: name(owner),
        serial: serial.to_owned(),
        issued: NOW,
        expires: NOW + Duration::days(days),
        replaces: None,
        revoked: None,
    }
}

#[test]
fn revoking_an_unknown_name_revokes_no_device_and_lists_the_names() {
    let mut registry = Registry::default();
    let fault = registry.revoke(&[name("Anna")], NOW).unwrap_err();
    assert_eq!(
        fault,
        "no client is named \"Anna\"; no client has a valid certificate"
    );
    registry.add(client("Anna", "01", 10));
    registry.add(client("Ben", "02", 10));
    let fault = registry
        .revoke(&[name("Anna"), name("Bem")], NOW)
        .unwrap_err();
    assert_eq!(
        fault,
        "no client is named \"Bem\"; there are: \"Anna\", \"Ben\""
    );
    assert!(
        registry
            .certificates()
            .iter()
            .all(|certificate| certificate.is_valid(NOW))
    );
    registry.revoke(&[name("Anna")], NOW).unwrap();
    assert!(registry.of_name(&name("Anna"), NOW).is_none());
    assert!(registry.of_name(&name("Ben"), NOW).is_some());
}

#[test]
fn a_second_revocation_keeps_the_time_of_the_first() {
    let mut registry = Registry::default();
    registry.add(client("Anna", "01", 10));
    registry.revoke(&[name("Anna")], NOW).unwrap();
    registry
        .revoke(&[name("Anna")], NOW + Duration::days(1))
        .unwrap();
    assert_eq!(registry.certificates()[0].revoked, Some(NOW));
}

#[test]
fn only_the_replaced_certificate_is_revoked() {
    let mut registry = Registry::default();
    registry.add(client("Anna", "01", 10));
    registry.add(client("Ben", "02", 10));
    let replaces = Some("01".to_owned());
    registry.add(DeviceCertificate {
        replaces,
        ..client("Anna", "03", 700)
    });
    registry.replace("02", NOW);
    assert!(
        registry
            .certificates()
            .iter()
            .all(|certificate| certificate.is_valid(NOW))
    );
    registry.replace("03", NOW);
    let valid: Vec<_> = registry
        .certificates()
        .iter()
        .map(|certificate| certificate.is_valid(NOW))
        .collect();
    assert_eq!(valid, [false, true, true]);
}

#[test]
fn a_certificate_ends_soon_from_thirty_days_before_expiry() {
    assert!(!client("Anna", "01", 31).ends_soon(NOW));
    assert!(client("Anna", "01", 30).ends_soon(NOW));
    assert!(!client("Anna", "01", 0).ends_soon(NOW));
}

#[test]
fn a_certificate_that_expired_ninety_days_ago_is_removed() {
    let mut registry = Registry::default();
    registry.add(client("Anna", "01", -91));
    registry.add(client("Ben", "02", -89));
    registry.add(client("Cleo", "03", 10));
    let certificates = registry.certificates().iter();
    let serials: Vec<_> = certificates
        .map(|certificate| &certificate.serial)
        .collect();
    assert_eq!(serials, ["02", "03"]);
}
