//! Certificates of odd kinds: the handshake finishes, and HTTP names the reason.

use std::process::Command;

use rcgen::{CustomExtension, PublicKeyData, SignatureAlgorithm};
use rustls::version::{TLS12, TLS13};

use super::{family_or_password, only_family};
use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Authority, Hubgate, Leaf, Setup, foreign},
    hub::Hub,
    real_hub::skip,
};

#[tokio::test]
async fn an_odd_certificate_is_495_with_the_reason_and_ends_no_handshake() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = only_family(&hub, &family).await;
    for (leaf, reason) in odd(&family) {
        for version in [&TLS12, &TLS13] {
            let client = gate.tls().speaking(version).showing(leaf.clone());
            assert_eq!(
                statuses_on_each_protocol(&client, "/", &[]).await,
                [495; 3],
                "{reason}"
            );
            let page = client.http1().await.get("/").await;
            assert!(page.text().contains(reason), "{reason}: {}", page.text());
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_odd_certificate_does_not_block_an_alternative_password() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let password = [("authorization", ANNA)];
    for (leaf, reason) in odd(&family) {
        let client = gate.tls().showing(leaf);
        assert_eq!(
            statuses_on_each_protocol(&client, "/", &[]).await,
            [401; 3],
            "{reason}"
        );
        let page = client.http1().await.get("/").await;
        assert!(page.text().contains(reason), "{reason}: {}", page.text());
        assert_eq!(
            statuses_on_each_protocol(&client, "/", &password).await,
            IN,
            "{reason}"
        );
    }
}

#[tokio::test]
async fn certificates_without_usages_enter_where_any_use_is_taken() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {client_certificate: {ca: ca.pem, any_use: true}}")
        .start()
        .await;
    let without = family.client_with("anna", |params| params.extended_key_usages.clear());
    for leaf in [without.clone(), family.client_of_version_1("anna")] {
        for version in [&TLS12, &TLS13] {
            let client = gate.tls().speaking(version).showing(leaf.clone());
            assert_eq!(statuses_on_each_protocol(&client, "/", &[]).await, IN);
        }
    }
    let server = family.client_with("anna", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    let client = gate.tls().showing(server);
    assert_eq!(statuses_on_each_protocol(&client, "/", &[]).await, [495; 3]);
    let strict = Setup::home(&hub.url())
        .client_certificate(&family)
        .start()
        .await;
    let page = strict.tls().showing(without).http1().await.get("/").await;
    assert_eq!(page.status, 495);
    assert!(
        page.text().contains("made for clients (clientAuth)"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn openssl_gets_the_reason_for_its_rsa_key_of_1024_bits() {
    let tools = [("openssl", "version"), ("python3", "--version")];
    if !tools.iter().all(|(tool, version)| is_there(tool, version)) {
        return skip("openssl and python3");
    }
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = family_or_password(&hub, &family).await;
    let (key, leaf) = short_rsa_key(&gate, &family);
    let port = gate.https().port().to_string();
    for version in ["TLSv1_2", "TLSv1_3"] {
        let call = ["-c", ASK_BY_OPENSSL, &port, &leaf, &key, version];
        let page = foreign("python3", &call).succeeded();
        let reason = "RSA key of 1024 bits is too short";
        assert!(page.contains(reason), "{version}: {page}");
    }
}

/// Its key and its certificate, made by openssl.
fn short_rsa_key(gate: &Hubgate, family: &Authority) -> (String, String) {
    gate.write("family.key", &family.key_pem());
    let path = |name: &str| gate.folder().join(name).to_string_lossy().into_owned();
    let (ca, ca_key) = (path("ca.pem"), path("family.key"));
    let (key, request, leaf) = (path("anna.key"), path("anna.csr"), path("anna.pem"));
    let openssl = |arguments: &str| {
        let arguments: Vec<_> = arguments.split(' ').collect();
        foreign("openssl", &arguments).succeeded();
    };
    openssl(&format!("genrsa -out {key} 1024"));
    openssl(&format!(
        "req -new -key {key} -subj /CN=anna -out {request}"
    ));
    openssl(&format!(
        "x509 -req -in {request} -CA {ca} -CAkey {ca_key} -set_serial 5 -days 9 -out {leaf}"
    ));
    (key, leaf)
}

/// Python's `ssl` is OpenSSL, which takes short keys when asked to.
const ASK_BY_OPENSSL: &str = r#"
import socket, ssl, sys
port, leaf, key, version = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.set_ciphers("DEFAULT@SECLEVEL=0")
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
context.load_cert_chain(leaf, key)
tcp = socket.create_connection(("127.0.0.1", int(port)), timeout=10)
with context.wrap_socket(tcp, server_hostname="home.test") as tls:
    tls.sendall(b"GET / HTTP/1.1\r\nHost: home.test\r\nConnection: close\r\n\r\n")
    while part := tls.recv(65536):
        sys.stdout.buffer.write(part)
"#;

fn is_there(tool: &str, version: &str) -> bool {
    Command::new(tool).arg(version).output().is_ok()
}

/// Certificates of the family's CA, with the reason why each does not count.
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
            family.client_with_key("anna", &Rsa(with_exponent(256, &[1; 9]))),
            "key is of an unsupported kind",
        ),
        (with_unknown_curve(family), "key is of an unsupported kind"),
        (trailing, "is damaged, or of a kind not understood"),
        (garbage, "is damaged, or of a kind not understood"),
    ]
}

/// A curve of no known OID, in the place of P-256.
fn with_unknown_curve(family: &Authority) -> Leaf {
    const P256: [u8; 10] = [6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7];
    family.client_changed("anna", |fields| {
        let holds = |field: &Vec<u8>| field.windows(P256.len()).any(|window| window == P256);
        let key = fields.iter_mut().find(|field| holds(field)).unwrap();
        let at = key
            .windows(P256.len())
            .position(|window| window == P256)
            .unwrap();
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
    with_exponent(bytes, &[1, 0, 1])
}

fn with_exponent(bytes: usize, exponent: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes + 1).unwrap().to_be_bytes();
    let head = [0x02, 0x82, length[0], length[1], 0x00];
    let modulus = [head.as_slice(), &vec![0xC5; bytes]].concat();
    let exponent_head = [0x02, u8::try_from(exponent.len()).unwrap()];
    let key = [modulus.as_slice(), &exponent_head, exponent].concat();
    let length = u16::try_from(key.len()).unwrap().to_be_bytes();
    [[0x30, 0x82, length[0], length[1]].as_slice(), &key].concat()
}
