//! Unusable access files are refused: at the start, on reload and on change.
//!
//! The defect of other proxies: an unreadable CA file admitted every client (CVE-2026-27586).

use crate::{
    harness::{Authority, HTPASSWD, Hubgate, Setup},
    hub::Hub,
};

#[tokio::test]
async fn a_start_with_a_ca_that_cannot_be_relied_on_is_refused() {
    let public = Authority::new("public");
    for (content, reason) in bad_authorities(&public) {
        let setup = Setup::home("http://127.0.0.1:1")
            .system_root(&public.pem())
            .site("access: {client_certificate: ca.pem}");
        let setup = match &content {
            Some(content) => setup.file("ca.pem", content),
            None => setup,
        };
        let line = refused(setup).await;
        assert!(line.contains(reason), "{reason}: {line}");
    }
}

#[tokio::test]
async fn a_start_with_an_empty_revocation_list_is_refused() {
    let family = Authority::new("family");
    let setup = Setup::home("http://127.0.0.1:1")
        .file("ca.pem", &family.pem())
        .file("ca.crl", "")
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}");
    let line = refused(setup).await;
    assert!(line.contains("ca.crl"), "{line}");
}

#[tokio::test]
async fn with_lists_of_other_cas_only_no_device_enters() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    for (name, warning) in [
        ("others", "which is not in the CA file"),
        ("family", "that CA in the CA file did not sign it"),
    ] {
        let gate = Setup::home(&hub.url())
            .file("ca.pem", &family.pem())
            .file("ca.crl", &Authority::new(name).revoking(&[]))
            .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
            .start()
            .await;
        gate.line_with(warning).await;
        let anna = gate.tls().showing(family.client("anna"));
        assert_eq!(anna.fetch("/").await.status, 495, "{name}");
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_start_with_a_password_file_without_users_is_refused() {
    for content in ["", "# nobody\n", "anna\n", "anna:{PLAIN}secret\n"] {
        let setup = Setup::home("http://127.0.0.1:1")
            .file("htpasswd", content)
            .site("access: {password: htpasswd}");
        let line = refused(setup).await;
        assert!(line.contains("htpasswd"), "{line}");
    }
}

#[tokio::test]
async fn a_reload_with_a_bad_ca_changes_nothing() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let public = Authority::new("public");
    let gate = only_family(&hub, &family, &public).await;
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    gate.write("proxy.yaml", &yaml.replace("ca.pem", "bad.pem"));
    for (number, (content, reason)) in bad_authorities(&public).into_iter().enumerate() {
        if let Some(content) = content {
            gate.write("bad.pem", &content);
        }
        gate.reload();
        not_reloaded(&gate, number + 1).await;
        assert!(gate.printed().contains(reason), "{reason}");
        serves(&gate, &family).await;
    }
}

#[tokio::test]
async fn a_ca_file_that_becomes_bad_changes_nothing() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let public = Authority::new("public");
    let gate = only_family(&hub, &family, &public).await;
    for (content, reason) in bad_authorities(&public) {
        let Some(content) = content else { continue };
        gate.write("ca.pem", &content);
        gate.line_with(reason).await;
        gate.line_with("what was read before stays in use").await;
        serves(&gate, &family).await;
    }
    std::fs::remove_file(gate.folder().join("ca.pem")).unwrap();
    gate.line_with("no such file").await;
    serves(&gate, &family).await;
}

#[tokio::test]
async fn a_password_file_that_becomes_bad_changes_nothing() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).password().start().await;
    gate.write("htpasswd", "");
    gate.line_with("no users").await;
    assert_eq!(gate.tls().http2().await.get("/").await.status, 401);
    gate.write("htpasswd", HTPASSWD);
    gate.line_with("was read again").await;
}

/// Files that are no CA, each with the expected message.
fn bad_authorities(public: &Authority) -> [(Option<String>, &'static str); 6] {
    let family = Authority::new("family");
    let leaf = family.client("anna").chain_pem;
    let damaged = family.pem().replacen("MII", "AII", 1);
    [
        (None, "no such file"),
        (Some(String::new()), "empty"),
        (Some("no certificate\n".to_owned()), "no certificate"),
        (Some(damaged), "damaged"),
        (Some(leaf), "is no CA"),
        (Some(public.pem()), "is a public CA"),
    ]
}

/// Starts hubgate, which must refuse to run, and returns its output.
async fn refused(setup: Setup) -> String {
    let mut gate = setup.launch();
    assert_eq!(gate.ended().await.code(), Some(78), "{}", gate.printed());
    gate.line_with("sites[0].access").await;
    gate.printed()
}

async fn not_reloaded(gate: &Hubgate, times: usize) {
    use crate::harness::{DEADLINE, eventually};
    eventually(DEADLINE, "the reload is refused", async || {
        gate.printed().matches("not reloaded").count() == times
    })
    .await;
}

/// Asserts that only clients of the family's CA are admitted.
async fn serves(gate: &Hubgate, family: &Authority) {
    let anna = gate.tls().showing(family.client("anna"));
    assert_eq!(anna.fetch("/").await.status, 200);
    let stranger = gate
        .tls()
        .showing(Authority::new("strangers").client("anna"));
    assert_eq!(stranger.fetch("/").await.status, 495);
    assert_eq!(gate.tls().fetch("/").await.status, 496);
}

async fn only_family(hub: &Hub, family: &Authority, public: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .system_root(&public.pem())
        .client_certificate(family)
        .start()
        .await
}
