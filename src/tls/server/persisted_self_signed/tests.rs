//! Starts, renewals and disks that cannot be written.

use std::{fs, net::IpAddr, os::unix::fs::PermissionsExt};

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::tls::{
    server::persisted_self_signed::*,
    testing::{Folder, no_roots},
};

fn hosts() -> Vec<Host> {
    vec![
        Host::Wildcard("example.org".into()),
        Host::Name("hub.local".into()),
        Host::Address(IpAddr::from([192, 168, 1, 5])),
        Host::Address("fd00::5".parse().unwrap()),
    ]
}

fn load(folder: &Folder, hosts: &[Host]) -> PersistedSelfSigned {
    PersistedSelfSigned::load(&folder.path("state"), hosts, no_roots()).unwrap()
}

fn served(stored: &PersistedSelfSigned) -> Vec<u8> {
    stored.current().key.cert[0].to_vec()
}

#[test]
fn certificate_names_all_hosts_and_is_for_servers_only() {
    let folder = Folder::new();
    let stored = load(&folder, &hosts());
    let certified = stored.current();
    assert_eq!(certified.names, hosts());
    assert_eq!(certified.warnings, []);
    assert!(certified.not_after - certified.not_before <= Duration::days(825));
    let der = served(&stored);
    let (_, parsed) = X509Certificate::from_der(&der).unwrap();
    assert_eq!(parsed.subject().to_string(), "O=hubgate, CN=*.example.org");
    let usage = parsed.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth && !parsed.is_ca());
}

#[test]
fn certificate_is_stored_in_one_private_file_for_the_next_start() {
    let folder = Folder::new();
    let first = load(&folder, &hosts());
    let file = folder.path("state/self-signed/_.example.org.pem");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(served(&first), served(&load(&folder, &hosts())));
}

#[test]
fn other_hosts_get_another_certificate() {
    let folder = Folder::new();
    let first = load(&folder, &hosts());
    let second = load(&folder, &hosts()[..2]);
    assert_ne!(served(&first), served(&second));
    assert_eq!(second.current().names, hosts()[..2]);
}

#[test]
fn order_of_the_further_hosts_does_not_matter() {
    let folder = Folder::new();
    let first = load(&folder, &hosts());
    let mut turned = hosts();
    turned[1..].reverse();
    assert_eq!(served(&first), served(&load(&folder, &turned)));
}

#[test]
fn certificate_is_replaced_thirty_days_before_its_end() {
    let folder = Folder::new();
    let stored = load(&folder, &hosts());
    let (first, end) = (served(&stored), stored.current().not_after);
    assert!(!stored.refresh(end - Duration::days(31)).unwrap());
    assert!(stored.refresh(end - Duration::days(30)).unwrap());
    assert_ne!(served(&stored), first);
    assert_eq!(
        served(&stored),
        served(&load(&folder, &hosts())),
        "the new one is stored"
    );
}

#[test]
fn unset_clock_replaces_no_certificate() {
    let folder = Folder::new();
    let stored = load(&folder, &hosts());
    assert!(!stored.refresh(OffsetDateTime::UNIX_EPOCH).unwrap());
}

#[test]
fn damaged_file_is_set_aside_and_replaced() {
    let folder = Folder::new();
    load(&folder, &hosts());
    let file = folder.path("state/self-signed/_.example.org.pem");
    fs::write(&file, "torn").unwrap();
    let stored = load(&folder, &hosts());
    let warning = stored.current().warnings[0].to_string();
    assert!(
        warning.contains("_.example.org.pem: no certificate in it"),
        "{warning}"
    );
    assert!(
        warning.contains("_.example.org.pem.damaged, and a new one is served"),
        "{warning}"
    );
    assert_eq!(served(&stored), served(&load(&folder, &hosts())));
}

#[test]
fn certificate_is_served_although_the_disk_cannot_be_written() {
    let folder = Folder::new();
    folder.write("state", "a file where the folder should be");
    let stored = load(&folder, &hosts());
    let warning = stored.current().warnings[0].to_string();
    assert!(warning.contains("cannot be written"), "{warning}");
    assert_eq!(stored.current().names, hosts());
}
