//! Certificates that CAs send, usable and unusable.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType};

use crate::{
    acme::store::{FileStore, stored_certificate::*},
    tls::testing::{Folder, TestCa, TestLeaf, ca_params, leaf_params, new_key, no_roots},
};

fn home() -> Host {
    Host::Name("home.example.org".into())
}

fn params(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = leaf_params("server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![SanType::DnsName("home.example.org".try_into().unwrap())];
    change(&mut params);
    params
}

fn stored(key: &KeyPair, chain_pem: impl AsRef<str>) -> StoredCertificate {
    StoredCertificate {
        meta: Meta {
            identifiers: vec![home(), Host::Wildcard("example.org".into())],
            directory: "https://ca.example/directory".into(),
            account: None,
            issued_at: time::macros::datetime!(2026-11-03 12:00 UTC),
            renewal_id: None,
        },
        key: PrivateKey::new(key.serialize_pem()),
        chain_pem: chain_pem.as_ref().trim_end().to_owned(),
    }
}

fn below() -> (TestCa, TestCa) {
    let root = TestCa::new("root");
    let below = root.intermediate(ca_params("below"));
    (root, below)
}

fn good() -> StoredCertificate {
    let (_, below) = below();
    let issued = below.issue_with(params(|_| ()));
    stored(&issued.key, issued.pem.clone() + &below.certificate.pem())
}

fn refusal(stored: &StoredCertificate) -> String {
    let now = OffsetDateTime::now_utc();
    let problem = stored.check(&[home()], now).unwrap_err();
    assert_eq!(problem.class, Class::Unusable);
    problem.detail
}

fn refusal_of(issued: &TestLeaf) -> String {
    refusal(&stored(&issued.key, issued.pem.clone()))
}

#[test]
fn a_written_certificate_is_parsed_and_served() {
    let stored = good();
    let text = stored.to_pem().unwrap();
    assert!(text.starts_with("{\"identifiers\":[\"home.example.org\",\"*.example.org\"]"));
    let read = StoredCertificate::parse(text.as_bytes()).unwrap();
    assert_eq!(read, stored);
    let certified = read.certified(&no_roots()).unwrap();
    assert_eq!(certified.names, [home()]);
    assert_eq!(certified.key.cert.len(), 2);
    read.check(&[home()], OffsetDateTime::now_utc()).unwrap();
}

#[test]
fn a_truncated_or_changed_text_is_refused() {
    let text = good().to_pem().unwrap();
    let ends = text.trim_end().len();
    for end in (0..ends).step_by(3) {
        assert!(
            StoredCertificate::parse(&text.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    let changed = text.replacen("\nMI", "\nMJ", 1);
    assert!(StoredCertificate::parse(changed.as_bytes()).is_err());
    for garbage in [
        &b"\xff\xfe"[..],
        b"garbage",
        b"",
        b"-----BEGIN CERTIFICATE-----",
    ] {
        assert!(StoredCertificate::parse(garbage).is_err());
    }
}

#[test]
fn debug_output_hides_the_key() {
    let debug = format!("{:?}", good());
    assert!(
        debug.contains("PrivateKey(..)") && !debug.contains("PRIVATE KEY"),
        "{debug}"
    );
}

#[test]
fn an_empty_or_garbage_chain_is_refused() {
    let key = new_key();
    assert!(refusal(&stored(&key, String::new())).contains("no certificate in it"));
    assert!(refusal(&stored(&key, "<html>")).contains("no certificate in it"));
    let torn = "-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned();
    assert!(refusal(&stored(&key, torn)).contains("damaged"));
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let stored = stored(&new_key(), good().chain_pem);
    assert!(refusal(&stored).contains("does not fit"));
}

#[test]
fn a_certificate_without_a_wanted_name_is_refused() {
    let away = SanType::DnsName("away.example.org".try_into().unwrap());
    let issued =
        TestCa::new("CA").issue_with(params(|params| params.subject_alt_names = vec![away]));
    assert!(refusal_of(&issued).ends_with("does not name home.example.org"));
}

#[test]
fn a_certificate_that_is_not_valid_now_is_refused() {
    let now = OffsetDateTime::now_utc();
    let ca = TestCa::new("CA");
    let old = ca.issue_with(params(|params| {
        params.not_after = now - Duration::seconds(1);
    }));
    assert!(refusal_of(&old).contains("ended on"));
    let early = ca.issue_with(params(|params| {
        params.not_before = now + Duration::hours(1);
    }));
    assert!(refusal_of(&early).contains("valid only from"));
    let soon = ca.issue_with(params(|params| {
        params.not_before = now + Duration::minutes(1);
    }));
    let soon = stored(&soon.key, soon.pem.clone());
    soon.check(&[home()], now).unwrap();
}

#[test]
fn certificates_that_do_not_belong_to_the_chain_are_removed() {
    let (root, below) = below();
    let issued = below.issue_with(params(|_| ()));
    let (leaf, below) = (&issued.pem, below.certificate.pem());
    let foreign = TestCa::new("foreign").certificate.pem();
    let chain = |parts: &[&String]| {
        stored(
            &issued.key,
            parts.iter().map(|part| part.as_str()).collect::<String>(),
        )
    };
    let good = chain(&[leaf, &below]);
    for (mut odd, left_out) in [
        (chain(&[leaf, leaf, &below]), 1),
        (chain(&[leaf, &below, &below]), 1),
        (chain(&[&foreign, leaf, &foreign, &below]), 2),
    ] {
        odd.check(&[home()], OffsetDateTime::now_utc()).unwrap();
        assert_eq!(odd.trim().unwrap().len(), left_out);
        let served =
            |stored: &StoredCertificate| stored.certified(&no_roots()).unwrap().key.cert.clone();
        assert_eq!(served(&odd), served(&good));
        assert_eq!(odd.chain_pem.matches("BEGIN CERTIFICATE").count(), 2);
        assert_eq!(odd.trim().unwrap(), Vec::<String>::new());
    }
    let without_issuer = chain(&[leaf, &root.certificate.pem()]);
    without_issuer
        .check(&[home()], OffsetDateTime::now_utc())
        .unwrap();
}

#[test]
fn the_certificate_before_replaces_a_damaged_one() {
    let folder = Folder::new();
    let store = FileStore::open(&folder.path("state"));
    assert_eq!(StoredCertificate::load(&store, "home").unwrap(), None);
    let old = good();
    old.save(&store, "home").unwrap();
    let entry = Entry::new(Kind::Certificate, "home");
    store.write(&entry, b"torn").unwrap();
    let foreign = stored(&new_key(), old.chain_pem.clone());
    foreign.save(&store, "home").unwrap();
    assert_eq!(StoredCertificate::load(&store, "home").unwrap(), Some(old));
    store.remove(&entry).unwrap();
    store.write(&entry, b"torn").unwrap();
    assert_eq!(StoredCertificate::load(&store, "home").unwrap(), None);
}
