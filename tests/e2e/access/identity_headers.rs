//! Identity headers come from hubgate alone: it removes those of the client.
//!
//! The defect of other proxies: forged fields in spellings unknown to the proxy (CVE-2026-30851,
//! CVE-2026-39858).

use http::Method;

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{ANNA, Authority, HTPASSWD, Hubgate, Setup},
    hub::{Hub, Request},
};

/// Forged identity fields, in the spellings that hubs treat as equal.
const FORGED: [(&str, &str); 14] = [
    ("X-SSL-Client-Verify", "forged"),
    ("x-ssl-client-s-dn", "forged"),
    ("X-SSL-CLIENT-SERIAL", "forged"),
    ("X-Ssl-Client-Fingerprint", "forged"),
    ("X-SSL-Client-Anything", "forged"),
    ("X_SSL_Client_Verify", "forged"),
    ("X-SSL-Client_Verify", "forged"),
    ("x_ssl_client_s_dn", "forged"),
    ("Client-Cert", "forged"),
    ("CLIENT_CERT", "forged"),
    ("Client-Cert-Chain", "forged"),
    ("X-Client-DN", "forged"),
    ("X-Client-Cert", "forged"),
    ("Forwarded", "for=forged"),
];

#[tokio::test]
async fn forged_fields_reach_the_hub_on_no_route() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    for headers in ["false", "x-ssl-client", "client-cert"] {
        let gate = every_route(&hub, &family, headers).await;
        let away = gate.tls().from("127.0.0.2");
        let mut fields = FORGED.to_vec();
        fields.push(("authorization", ANNA));
        let enrolled = away.clone().showing(family.client("anna"));
        for caller in [&gate.tls(), &away, &enrolled] {
            for target in ["/", "/static/", "/admin/"] {
                assert_eq!(
                    statuses_on_each_protocol(caller, target, &fields).await,
                    IN,
                    "{target}"
                );
            }
        }
    }
    assert_eq!(hub.requests().len(), 3 * 3 * 3 * 3);
    hub.requests().iter().for_each(holds_nothing_forged);
}

#[tokio::test]
async fn forged_fields_do_not_reach_the_hub_in_the_clear() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .listen(r#"listen: {http: ["127.0.0.1:HTTP"], https: []}"#)
        .start()
        .await;
    let mut client = gate.clear().http1().await;
    assert_eq!(
        client.exchange(Method::GET, "/", &FORGED, "").await.status,
        200
    );
    assert!(gate.clear().websocket("/ws", &FORGED).await.is_ok());
    hub.requests().iter().for_each(holds_nothing_forged);
}

#[tokio::test]
async fn forged_trailers_do_not_reach_the_hub() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let request = "POST /trailers HTTP/1.1\r\nHost: home.test\r\nTrailer: X-SSL-Client-Verify\r\n\
        Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-SSL-Client-Verify: forged\r\n\r\n";
    let answer = gate.tls().raw().await.exchange(request).await;
    assert_eq!(answer.status, 200);
    let request = hub.request("/trailers").await;
    assert!(request.complete, "the hub saw the end of the body");
    assert_eq!((request.body.as_slice(), request.length), (&b"body"[..], 4));
}

fn holds_nothing_forged(request: &Request) {
    for (name, value) in &request.head.fields {
        assert!(!value.contains("forged"), "{name}: {value}");
        assert!(!name.contains('_'), "{name}: {value}");
    }
}

/// At home without anything, away with a certificate or a password; public and tighter paths.
async fn every_route(hub: &Hub, family: &Authority, headers: &str) -> Hubgate {
    let certificate = format!("client_certificate: ca.pem, client_headers: {headers}");
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!(
            "access: {{networks: [127.0.0.1], password: htpasswd, {certificate}}}"
        ))
        .site("paths:")
        .site("  - {path: /static/, access: public}")
        .site("  - {path: /admin/, access: {password: htpasswd}}")
        .start()
        .await
}
