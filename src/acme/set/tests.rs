//! Sets as CAs send them, good and bad.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, SanType};

use super::{super::store::Files, *};
use crate::tls::testing::{Folder, Issued, TestCa, ca_params, leaf_params, new_key, no_roots};

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

fn set(key: &KeyPair, chain_pem: impl AsRef<str>) -> CertificateSet {
    CertificateSet {
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

fn good() -> CertificateSet {
    let (_, below) = below();
    let issued = below.issue_with(params(|_| ()));
    set(&issued.key, issued.pem.clone() + &below.certificate.pem())
}

fn refusal(set: &CertificateSet) -> String {
    let now = OffsetDateTime::now_utc();
    let problem = set.check(&[home()], now).unwrap_err();
    assert_eq!(problem.class, Class::Unusable);
    problem.detail
}

fn refusal_of(issued: &Issued) -> String {
    refusal(&set(&issued.key, issued.pem.clone()))
}

#[test]
fn a_set_is_read_as_it_was_written_and_served() {
    let set = good();
    let text = set.to_pem().unwrap();
    assert!(text.starts_with("{\"identifiers\":[\"home.example.org\",\"*.example.org\"]"));
    let read = CertificateSet::parse(text.as_bytes()).unwrap();
    assert_eq!(read, set);
    let certified = read.certified(&no_roots()).unwrap();
    assert_eq!(certified.names, [home()]);
    assert_eq!(certified.key.cert.len(), 2);
    read.check(&[home()], OffsetDateTime::now_utc()).unwrap();
}

#[test]
fn what_is_cut_off_or_changed_anywhere_is_no_set() {
    let text = good().to_pem().unwrap();
    let ends = text.trim_end().len();
    for end in (0..ends).step_by(3) {
        assert!(
            CertificateSet::parse(&text.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    let changed = text.replacen("\nMI", "\nMJ", 1);
    assert!(CertificateSet::parse(changed.as_bytes()).is_err());
    for garbage in [
        &b"\xff\xfe"[..],
        b"garbage",
        b"",
        b"-----BEGIN CERTIFICATE-----",
    ] {
        assert!(CertificateSet::parse(garbage).is_err());
    }
}

#[test]
fn the_key_is_never_shown() {
    let shown = format!("{:?}", good());
    assert!(
        shown.contains("PrivateKey(..)") && !shown.contains("PRIVATE KEY"),
        "{shown}"
    );
}

#[test]
fn an_empty_or_garbage_chain_is_refused() {
    let key = new_key();
    assert!(refusal(&set(&key, String::new())).contains("no certificate in it"));
    assert!(refusal(&set(&key, "<html>")).contains("no certificate in it"));
    let torn = "-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned();
    assert!(refusal(&set(&key, torn)).contains("damaged"));
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let set = set(&new_key(), good().chain_pem);
    assert!(refusal(&set).contains("does not fit"));
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
    let soon = set(&soon.key, soon.pem.clone());
    soon.check(&[home()], now).unwrap();
}

#[test]
fn a_chain_is_trimmed_to_its_line() {
    let (root, below) = below();
    let issued = below.issue_with(params(|_| ()));
    let (leaf, below) = (&issued.pem, below.certificate.pem());
    let foreign = TestCa::new("foreign").certificate.pem();
    let chain = |parts: &[&String]| {
        set(
            &issued.key,
            parts.iter().map(|it| it.as_str()).collect::<String>(),
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
        let served = |set: &CertificateSet| set.certified(&no_roots()).unwrap().key.cert.clone();
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
fn what_is_damaged_on_disk_gives_way_to_the_one_before() {
    let folder = Folder::new();
    let store = Files::open(&folder.path("state"));
    assert_eq!(CertificateSet::load(&store, "home").unwrap(), None);
    let old = good();
    old.save(&store, "home").unwrap();
    let entry = Entry::new(Kind::Certificate, "home");
    store.write(&entry, b"torn").unwrap();
    let foreign = set(&new_key(), old.chain_pem.clone());
    foreign.save(&store, "home").unwrap();
    assert_eq!(CertificateSet::load(&store, "home").unwrap(), Some(old));
    store.remove(&entry).unwrap();
    store.write(&entry, b"torn").unwrap();
    assert_eq!(CertificateSet::load(&store, "home").unwrap(), None);
}
