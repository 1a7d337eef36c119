//! Certificate files of operators.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, SanType};

use crate::tls::{
    server::certified::*,
    testing::{Folder, TestCa, TestLeaf, ca_params, changed, leaf_params, new_key, no_roots},
};

fn server_params(names: &[&str]) -> CertificateParams {
    let mut params = leaf_params("server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = names
        .iter()
        .map(|name| SanType::DnsName((*name).try_into().unwrap()))
        .collect();
    params
}

fn home() -> Vec<Host> {
    vec![Host::Name("home.example.org".into())]
}

fn issued(change: impl FnOnce(&mut CertificateParams)) -> TestLeaf {
    let mut params = server_params(&["home.example.org"]);
    change(&mut params);
    TestCa::new("CA").issue_with(params)
}

fn load(chain: &str, key: &str) -> anyhow::Result<Certified> {
    let folder = Folder::new();
    let chain = folder.write("chain.pem", chain);
    let key = folder.write("key.pem", key);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    Certified::load(&chain, &key, &home(), &no_roots())
}

fn only_warning(issued: &TestLeaf) -> String {
    let certified = load(&issued.pem, &issued.key.serialize_pem()).unwrap();
    assert_eq!(certified.warnings.len(), 1, "{:?}", certified.warnings);
    certified.warnings[0].to_string()
}

#[test]
fn valid_certificate_is_loaded_with_its_names_and_without_warnings() {
    let good = issued(|params| {
        let address = SanType::IpAddress([192, 168, 1, 5].into());
        params.subject_alt_names.push(address);
        let wildcard = SanType::DnsName("*.Example.org".try_into().unwrap());
        params.subject_alt_names.push(wildcard);
    });
    let certified = load(&good.pem, &good.key.serialize_pem()).unwrap();
    let address = Host::Address([192, 168, 1, 5].into());
    let wildcard = Host::Wildcard("example.org".into());
    assert_eq!(certified.names, [home(), vec![address, wildcard]].concat());
    assert!(certified.not_before < certified.not_after);
    assert!(!certified.publicly_trusted);
    assert_eq!(certified.warnings, []);
}

#[test]
fn expired_certificate_is_served_with_a_warning() {
    let old = issued(|params| params.not_after = time::macros::datetime!(2026-01-02 00:00 UTC));
    assert!(only_warning(&old).ends_with("the certificate ended on 2 January 2026; renew it"));
}

#[test]
fn certificate_not_yet_valid_is_served_with_a_warning() {
    let early = issued(|params| {
        params.not_before = time::macros::datetime!(2099-01-02 00:00 UTC);
        params.not_after = time::macros::datetime!(2100-01-02 00:00 UTC);
    });
    assert!(only_warning(&early).contains("valid only from 2 January 2099; check the clock"));
}

#[test]
fn host_missing_in_the_certificate_is_a_warning() {
    let other = issued(|params| *params = server_params(&["away.example.org"]));
    assert!(only_warning(&other).contains("chain.pem: the certificate does not name home.example"));
}

#[test]
fn key_of_another_certificate_is_an_error_that_names_both_files() {
    let fault = load(&issued(|_| ()).pem, &new_key().serialize_pem()).unwrap_err();
    let text = format!("{fault:#}");
    assert!(
        text.contains("key.pem: this key does not fit the certificate in "),
        "{text}"
    );
    assert!(text.contains("chain.pem; name the key"), "{text}");
}

#[test]
fn key_of_an_unknown_kind_is_an_error() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n";
    let fault = load(&issued(|_| ()).pem, pem).unwrap_err().to_string();
    assert!(
        fault.contains("key.pem: a key of a kind that cannot be used"),
        "{fault}"
    );
}

#[test]
fn damaged_certificate_is_an_error_with_its_number() {
    let good = issued(|_| ());
    let torn = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n";
    let fault = load(&(good.pem.clone() + torn), &good.key.serialize_pem()).unwrap_err();
    let text = format!("{fault:#}");
    assert!(
        text.contains("chain.pem: certificate 2 in it is damaged"),
        "{text}"
    );
}

#[test]
fn chain_in_the_wrong_order_is_served_in_order_with_a_warning() {
    let root = TestCa::new("Root");
    let below = root.intermediate(ca_params("Below"));
    let leaf = below.issue_with(server_params(&["home.example.org"]));
    let pem = root.certificate.pem() + &below.certificate.pem() + &leaf.pem;
    let certified = load(&pem, &leaf.key.serialize_pem()).unwrap();
    let [root, below] = [&root, &below].map(|ca| ca.certificate.der().clone());
    assert_eq!(certified.key.cert, [leaf.chain[0].clone(), below, root]);
    assert!(certified.warnings[0].to_string().contains("wrong order"));
}

#[test]
fn key_that_others_may_read_is_a_warning() {
    let folder = Folder::new();
    let good = issued(|_| ());
    let chain = folder.write("chain.pem", &good.pem);
    let key = folder.write("key.pem", good.key.serialize_pem());
    for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o660, 1)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let certified = Certified::load(&chain, &key, &home(), &no_roots()).unwrap();
        assert_eq!(certified.warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn chain_to_a_root_of_the_system_is_publicly_trusted_independent_of_the_clock() {
    let root = TestCa::new("Public root");
    let roots = SystemRoots::from_certificates(&[root.certificate.der().clone()]);
    let mut params = server_params(&["home.example.org"]);
    params.not_before = time::macros::datetime!(2099-01-02 00:00 UTC);
    params.not_after = time::macros::datetime!(2099-03-02 00:00 UTC);
    let trusted = root.issue_with(params.clone());
    let foreign = TestCa::new("Far").issue_with(params);
    for (leaf, expected) in [(trusted, true), (foreign, false)] {
        let key = any_supported_type(&leaf.key_der()).unwrap();
        let certified = Certified::new(&leaf.chain, key, &roots).unwrap().unwrap();
        assert_eq!(certified.publicly_trusted, expected);
    }
}

#[test]
fn self_signed_ca_certificate_is_served() {
    let ca = TestCa::with(changed(server_params(&["home.example.org"]), |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    }));
    let key = ca.issuer.key().serialize_pem();
    assert_eq!(load(&ca.certificate.pem(), &key).unwrap().warnings, []);
}

#[test]
fn text_with_key_and_chain_has_its_place_in_errors() {
    let good = issued(|_| ());
    let text = good.key.serialize_pem() + &good.pem;
    let parse = |text: &str| Certified::parse(text.as_bytes(), "home", &home(), &no_roots());
    assert_eq!(parse(&text).unwrap().warnings, []);
    let fault = parse(&good.pem).unwrap_err().to_string();
    assert!(fault.starts_with("home: no key in it"), "{fault}");
    let fault = parse(&(new_key().serialize_pem() + &good.pem)).unwrap_err();
    assert!(fault.to_string().contains("does not fit"), "{fault}");
}

#[test]
fn chain_is_served_as_far_as_each_certificate_is_signed_by_the_next() {
    let root = TestCa::new("root");
    let below = root.intermediate(ca_params("below"));
    let (pretender, foreign) = (TestCa::new("below"), TestCa::new("foreign"));
    let over = changed(ca_params("below"), |params| {
        params.not_after = time::macros::datetime!(2026-01-02 00:00 UTC);
    });
    let expired = root.intermediate(over);
    let leaf = below.issue_with(server_params(&["home.example.org"]));
    let served = |chain: &[&TestCa]| {
        let key = any_supported_type(&leaf.key_der()).unwrap();
        let others = chain.iter().map(|ca| ca.certificate.der().clone());
        let chain: Vec<_> = leaf.chain[..1].iter().cloned().chain(others).collect();
        let certified = Certified::new(&chain, key, &no_roots()).unwrap().unwrap();
        (certified.key.cert.len(), certified.left_out.join(", "))
    };
    let served_whole = |chain: &[&TestCa]| served(chain).1.is_empty();
    assert!(served_whole(&[]) && served_whole(&[&below]) && served_whole(&[&below, &root]));
    let (length, left_out) = served(&[&below, &below]);
    assert_eq!((length, &*left_out), (2, "CN=below (doubled)"));
    let (length, left_out) = served(&[&foreign, &below, &root]);
    let cause = "CN=foreign (not an issuer of the certificate)";
    assert_eq!((length, &*left_out), (3, cause));
    let (length, left_out) = served(&[&expired, &below]);
    assert_eq!((length, &*left_out), (2, "CN=below (not valid now)"));
    assert_eq!(served(&[&pretender]).0, 1, "the same name, another key");
}

#[test]
fn duplicate_certificate_is_served_once_with_a_warning() {
    let ca = TestCa::new("Root");
    let leaf = ca.issue_with(server_params(&["home.example.org"]));
    let pem = [&leaf.pem, &leaf.pem, &ca.certificate.pem()]
        .map(String::as_str)
        .concat();
    let certified = load(&pem, &leaf.key.serialize_pem()).unwrap();
    assert_eq!(certified.key.cert.len(), 2);
    assert!(
        certified.warnings[0]
            .to_string()
            .contains("(doubled); remove them")
    );
}
