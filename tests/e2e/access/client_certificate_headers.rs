//! Certificate headers to the hub, which no field of the client can change or delete.
//!
//! The defect of other proxies: a `Connection` list that deleted the proxy's own fields
//! (CVE-2024-45410).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{Authority, Hubgate, Leaf, Setup},
    hub::Hub,
};

/// A `Connection` list that names all of hubgate's fields.
const DELETING: &str = "X-SSL-Client-Verify, X-SSL-Client-S-DN, X-SSL-Client-Serial, \
     X-SSL-Client-Fingerprint, Client-Cert, X-Real-IP";

#[tokio::test]
async fn a_connection_list_cannot_delete_the_certificate_headers() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate_with_headers(&hub, &family, "x-ssl-client").await;
    let anna = family.client("anna");
    let serial = anna.serial();
    let caller = gate.tls().showing(anna);
    let head = |rest: &str| format!("GET /x HTTP/1.1\r\nHost: home.test\r\n{rest}\r\n\r\n");
    for rest in [
        format!("Connection: {DELETING}"),
        format!(
            "Connection: close\r\nConnection: {}",
            DELETING.to_lowercase()
        ),
        format!(
            "Connection: Upgrade, {DELETING}\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        ),
    ] {
        caller.raw().await.exchange(head(&rest)).await;
        let request = hub.requests().pop().unwrap();
        assert_eq!(request.field("x-ssl-client-verify"), Some("SUCCESS"));
        assert_eq!(request.field("x-ssl-client-serial"), Some(serial.as_str()));
        assert_eq!(request.field("x-real-ip"), Some("127.0.0.1"));
    }
    assert_eq!(hub.requests().len(), 3);
}

#[tokio::test]
async fn x_ssl_client_carries_verdict_name_serial_and_fingerprint() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate_with_headers(&hub, &family, "x-ssl-client").await;
    let anna = family.client("anna");
    let (serial, fingerprint) = (anna.serial(), fingerprint(&anna));
    let enrolled = gate.tls().showing(anna);
    assert_eq!(statuses_on_each_protocol(&enrolled, "/anna", &[]).await, IN);
    for request in hub.requests() {
        assert_eq!(request.field("x-ssl-client-verify"), Some("SUCCESS"));
        assert_eq!(request.field("x-ssl-client-s-dn"), Some("CN=anna"));
        assert_eq!(request.field("x-ssl-client-serial"), Some(serial.as_str()));
        let value = request.field("x-ssl-client-fingerprint");
        assert_eq!(value, Some(fingerprint.as_str()));
        assert_eq!(request.field("client-cert"), None);
    }
    let plain = gate.tls().from("127.0.0.2");
    assert_eq!(statuses_on_each_protocol(&plain, "/without", &[]).await, IN);
    let request = hub.request("/without").await;
    assert_eq!(request.field("x-ssl-client-verify"), Some("NONE"));
    assert_eq!(request.field("x-ssl-client-s-dn"), None);
}

#[tokio::test]
async fn a_serial_number_is_spelled_as_by_openssl() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate_with_headers(&hub, &family, "x-ssl-client").await;
    for (serial, value) in [
        (&[0x7f, 0x00, 0x01][..], "7F0001"),
        (&[0x80, 0x00, 0x01][..], "800001"),
        (&[0x0a][..], "0A"),
    ] {
        let anna = family.client_with("anna", |params| {
            params.serial_number = Some(serial.to_vec().into());
        });
        gate.tls().showing(anna).fetch("/").await;
        let request = hub.requests().pop().unwrap();
        assert_eq!(request.field("x-ssl-client-serial"), Some(value));
    }
}

#[tokio::test]
async fn client_cert_carries_the_certificate_itself() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate_with_headers(&hub, &family, "client-cert").await;
    let anna = family.client("anna");
    let expected = format!(":{}:", STANDARD.encode(&anna.certificate));
    assert_eq!(
        statuses_on_each_protocol(&gate.tls().showing(anna), "/anna", &[]).await,
        IN
    );
    for request in hub.requests() {
        assert_eq!(request.field("client-cert"), Some(expected.as_str()));
        assert_eq!(request.field("x-ssl-client-verify"), None);
        assert!(request.head.bytes.len() < 8 * 1024);
    }
    let plain = gate.tls().from("127.0.0.2");
    assert_eq!(statuses_on_each_protocol(&plain, "/without", &[]).await, IN);
    assert_eq!(hub.request("/without").await.field("client-cert"), None);
}

#[tokio::test]
async fn a_name_with_control_bytes_stays_one_field() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate_with_headers(&hub, &family, "x-ssl-client").await;
    let evil = family.client("anna\r\nX-Forged: 1\r\n\r\nGET /forged HTTP/1.1\0\u{e4}");
    assert_eq!(
        statuses_on_each_protocol(&gate.tls().showing(evil), "/", &[]).await,
        IN
    );
    assert_eq!(hub.requests().len(), 3);
    for request in hub.requests() {
        assert_eq!(request.field("x-forged"), None);
        let name = request.field("x-ssl-client-s-dn").unwrap();
        assert!(name.starts_with("CN=anna\\0D\\0A"), "{name}");
        assert!(
            name.is_ascii() && !name.contains(char::is_control),
            "{name}"
        );
    }
}

fn fingerprint(leaf: &Leaf) -> String {
    let digest = digest(&SHA256, &leaf.certificate);
    let bytes = digest.as_ref().iter();
    bytes.map(|byte| format!("{byte:02X}")).collect()
}

/// hubgate with certificate headers for the family's CA; every client at 127.0.0.2 is admitted.
async fn gate_with_headers(hub: &Hub, family: &Authority, headers: &str) -> Hubgate {
    let certificate = format!("client_certificate: ca.pem, client_headers: {headers}");
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site(&format!("access: {{networks: [127.0.0.2], {certificate}}}"))
        .start()
        .await
}
