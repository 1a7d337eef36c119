//! Identity headers of a path, by its own settings and its own CA.

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{ANNA, Authority, HTPASSWD, Setup},
    hub::Hub,
};

#[tokio::test]
async fn a_path_sets_identity_headers_though_its_site_does_not() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {networks: [127.0.0.0/8]}")
        .site("paths:")
        .site("  - path: /admin/")
        .site("    access: {client_certificate: ca.pem, client_headers: x-ssl-client}")
        .start()
        .await;
    let anna = gate.tls().showing(family.client("anna"));
    assert_eq!(statuses_on_each_protocol(&anna, "/admin/", &[]).await, IN);
    for request in hub.requests() {
        assert_eq!(request.field("x-ssl-client-verify"), Some("SUCCESS"));
        assert_eq!(request.field("x-ssl-client-s-dn"), Some("CN=anna"));
    }
    assert_eq!(statuses_on_each_protocol(&anna, "/other", &[]).await, IN);
    let other = hub.request("/other").await;
    assert_eq!(other.field("x-ssl-client-verify"), None);
}

#[tokio::test]
async fn a_path_overrides_the_header_format_of_its_site() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {client_certificate: ca.pem, client_headers: x-ssl-client}")
        .site("paths:")
        .site("  - path: /cert/")
        .site("    access: {client_certificate: ca.pem, client_headers: client-cert}")
        .site("  - path: /silent/")
        .site("    access: {networks: [127.0.0.1]}")
        .start()
        .await;
    let anna = gate.tls().showing(family.client("anna"));
    for target in ["/cert/", "/silent/"] {
        assert_eq!(
            statuses_on_each_protocol(&anna, target, &[]).await,
            IN,
            "{target}"
        );
    }
    let cert = hub.request("/cert/").await;
    assert!(cert.field("client-cert").is_some());
    assert_eq!(cert.field("x-ssl-client-verify"), None);
    let inherited = hub.request("/silent/").await;
    assert_eq!(inherited.field("x-ssl-client-verify"), Some("SUCCESS"));
}

#[tokio::test]
async fn a_path_gets_no_headers_for_a_certificate_of_another_ca() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let admins = Authority::new("admins");
    let gate = Setup::home(&hub.url())
        .file("family.pem", &family.pem())
        .file("admins.pem", &admins.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {password: htpasswd, client_certificate: family.pem}")
        .site("paths:")
        .site("  - path: /admin/")
        .site("    access:")
        .site("      password: htpasswd")
        .site("      client_certificate: admins.pem")
        .site("      client_headers: x-ssl-client")
        .start()
        .await;
    let password = [("authorization", ANNA)];
    for (leaf, target, verdict) in [
        (family.client("anna"), "/admin/anna", "NONE"),
        (admins.client("root"), "/admin/root", "SUCCESS"),
    ] {
        let caller = gate.tls().showing(leaf);
        assert_eq!(
            statuses_on_each_protocol(&caller, target, &password).await,
            IN
        );
        let request = hub.request(target).await;
        assert_eq!(request.field("x-ssl-client-verify"), Some(verdict));
    }
}
