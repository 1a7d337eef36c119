//! Certificates of odd kinds: the handshake finishes, and HTTP names the reason.

use rcgen::{CustomExtension, PublicKeyData, SignatureAlgorithm};
use rustls::version::{TLS12, TLS13};

use crate::{
    access::three_ways::{IN, three_ways},
    harness::{ANNA, Authority, HTPASSWD, Hubgate, Leaf, Setup, foreign},
    hub::Hub,
    real_hub::skip,
};

#[tokio::test]
async fn an_odd_certificate_is_495_with_the_reason_and_ends_no_handshake() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {client_certificate: ca.pem}")
        .start()
        .await;
    for (leaf, reason) in odd(&family) {
        for version in [&TLS12, &TLS13] {
            let caller = gate.tls().speaking(version).showing(leaf.clone());
            assert_eq!(three_ways(&caller, "/", &[]).await, [495; 3], "{reason}");
            let page = caller.http1().await.get("/").await;
            assert!(page.text().contains(reason), "{reason}: {}", page.text());
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn where_a_password_would_do_an_odd_certificate_does_not_stand_in_its_way() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let password = [("authorization", ANNA)];
    for (leaf, reason) in odd(&family) {
        let caller = gate.tls().showing(leaf);
        assert_eq!(three_ways(&caller, "/", &[]).await, [401; 3], "{reason}");
        let page = caller.http1().await.get("/").await;
        assert!(page.text().contains(reason), "{reason}: {}", page.text());
        assert_eq!(three_ways(&caller, "/", &password).await, IN, "{reason}");
    }
}

#[tokio::test]
async fn curl_hears_of_its_rsa_key_of_1024_bits() {
    let tools = ["curl", "openssl"].map(|tool| foreign_is_there(tool));
    if tools.contains(&false) {
        return skip("curl and openssl");
    }
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    gate.write("family.key", &family.key_pem());
    let path = |name: &str| gate.folder().join(name).to_string_lossy().into_owned();
    let (key, request, leaf) = (path("anna.key"), path("anna.csr"), path("anna.pem"));
    foreign("openssl", &["genrsa", "-out", &key, "1024"]).succeeded();
    let made = [
        "req", "-new", "-key", &key, "-subj", "/CN=anna", "-out", &request,
    ];
    foreign("openssl", &made).succeeded();
    let (ca, ca_key) = (path("ca.pem"), path("family.key"));
    let sign = [
        "x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key,
    ];
    let sign = [
        &sign[..],
        &["-set_serial", "5", "-days", "9", "-out", &leaf],
    ]
    .concat();
    foreign("openssl", &sign).succeeded();
    let (url, resolve) = (
        format!("https://home.test:{}/", gate.https().port()),
        gate.https(),
    );
    let resolve = format!("home.test:{}:127.0.0.1", resolve.port());
    for version in ["1.2", "1.3"] {
        let call = ["-sk", "--resolve", &resolve, "--cert", &leaf, "--key", &key];
        let ciphers = [
            "--ciphers",
            "DEFAULT@SECLEVEL=0",
            "--tls-max",
            version,
            &url,
        ];
        let page = foreign("curl", &[&call[..], &ciphers].concat()).succeeded();
        assert!(page.contains("RSA key of 1024 bits is too short"), "{page}");
    }
}

fn foreign_is_there(tool: &str) -> bool {
    let version = std::process::Command::new(tool).arg("version").output();
    version.is_ok()
}

/// What the family's CA signed, and why it does not count.
fn odd(family: &Authority) -> Vec<(Leaf, &'static str)> {
    let extension = family.client_with("anna", |params| {
        let mut unknown =
            CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        unknown.set_criticality(true);
        params.custom_extensions = vec![unknown];
    });
    let mut trailing = family.client("anna");
    trailing.certificate = [&trailing.certificate[..], &[0]].concat().into();
    let mut garbage = family.client("anna");
    garbage.certificate = b"no certificate at all".to_vec().into();
    vec![
        (
            family.client_of_version_1("anna"),
            "is not of X.509 version 3",
        ),
        (extension, "a critical extension that is not understood"),
        (
            family.client_with_key("anna", &Rsa(rsa(128))),
            "RSA key of 1024 bits is too short",
        ),
        (
            family.client_with_key("anna", &Rsa(rsa(2048))),
            "RSA key of 16384 bits is too long",
        ),
        (
            with_unknown_curve(family),
            "key is of a kind that is not taken",
        ),
        (trailing, "is damaged, or of a kind not understood"),
        (garbage, "is damaged, or of a kind not understood"),
    ]
}

/// A curve that nobody knows, in the place of P-256.
fn with_unknown_curve(family: &Authority) -> Leaf {
    const P256: [u8; 10] = [6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
    family.client_changed("anna", |fields| {
        let holds = |field: &Vec<u8>| field.windows(P256.len()).any(|it| it == P256);
        let key = fields.iter_mut().find(|field| holds(field)).unwrap();
        let at = key.windows(P256.len()).position(|it| it == P256).unwrap();
        key[at + P256.len() - 1] = 99;
    })
}

/// An RSA key that nothing here would make.
struct Rsa(Vec<u8>);

impl PublicKeyData for Rsa {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// The RSAPublicKey in DER.
fn rsa(bytes: usize) -> Vec<u8> {
    let length = u16::try_from(bytes + 1).unwrap().to_be_bytes();
    let head = [0x02, 0x82, length[0], length[1], 0x00];
    let modulus = [head.as_slice(), &vec![0xC5; bytes]].concat();
    let key = [modulus.as_slice(), &[0x02, 0x03, 0x01, 0x00, 0x01]].concat();
    let length = u16::try_from(key.len()).unwrap().to_be_bytes();
    [[0x30, 0x82, length[0], length[1]].as_slice(), &key].concat()
}

async fn family_or_password(hub: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd, client_certificate: ca.pem}")
        .start()
        .await
}
