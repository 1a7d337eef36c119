//! Requirements on a client certificate; its name is only a label.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose};
use time::{Duration, OffsetDateTime};

use super::protocols::{IN, statuses_on_each_protocol};
use crate::{
    harness::{Authority, DEADLINE, Hubgate, Leaf, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_certificate_that_is_not_a_devices_is_refused_with_the_reason() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family, "ca.pem").await;
    for (leaf, reason) in matrix(&family) {
        let answer = gate.tls().showing(leaf).http2().await.get("/").await;
        assert_eq!(answer.status, 495, "{reason}");
        assert!(
            answer.text().contains(reason),
            "{reason}: {}",
            answer.text()
        );
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn client_auth_among_other_usages_is_enough() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family, "ca.pem").await;
    let both = family.client_with("anna", |params| {
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
    });
    assert_eq!(
        statuses_on_each_protocol(&gate.tls().showing(both), "/", &[]).await,
        IN
    );
}

#[tokio::test]
async fn a_name_is_a_label_and_the_serial_number_decides() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let (lost, new) = (family.client("anna"), family.client("anna"));
    let list = family.revoking(&[&lost]);
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &list)
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    assert_eq!(gate.tls().showing(lost).fetch("/").await.status, 495);
    assert_eq!(gate.tls().showing(new).fetch("/").await.status, 200);
}

#[tokio::test]
async fn only_the_allowed_names_enter_and_case_counts() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family, "{ca: ca.pem, allow: [anna]}").await;
    for (name, status) in [("anna", 200), ("Anna", 495), ("anna ", 495), ("ben", 495)] {
        let caller = gate.tls().showing(family.client(name));
        assert_eq!(caller.fetch("/").await.status, status, "{name}");
    }
    let stranger = Authority::new("strangers").client("anna");
    assert_eq!(gate.tls().showing(stranger).fetch("/").await.status, 495);
}

#[tokio::test]
async fn an_expired_list_refuses_all_clients_until_a_new_one_is_loaded() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let yesterday = OffsetDateTime::now_utc() - Duration::DAY;
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &family.revoking_until(yesterday, &[]))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await;
    gate.line_with("the revocation list ended on").await;
    let anna = gate.tls().showing(family.client("anna"));
    let page = anna.http1().await.get("/").await;
    assert_eq!(page.status, 495);
    assert!(page.text().contains("list of revoked certificates ended"));
    gate.write("ca.crl", &family.revoking(&[]));
    eventually(DEADLINE, "the new list is taken up", async || {
        anna.fetch("/").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_ends_during_a_connection_ends_it() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = gate(&hub, &family, "ca.pem").await;
    let soon = OffsetDateTime::now_utc() + Duration::seconds(5);
    let anna = family.client_with("anna", |params| params.not_after = soon);
    let anna = gate.tls().showing(anna);
    let mut client = anna.http2().await;
    assert_eq!(client.get("/").await.status, 200);
    let what = "the connection of the certificate that has ended is closed";
    eventually(DEADLINE, what, async || client.is_closed()).await;
    assert_eq!(anna.fetch("/").await.status, 495);
}

/// Invalid device certificates, each with the expected reason.
fn matrix(family: &Authority) -> Vec<(Leaf, &'static str)> {
    let usages = |usages: &[ExtendedKeyUsagePurpose]| {
        let usages = usages.to_vec();
        family.client_with("anna", |params| params.extended_key_usages = usages)
    };
    let authority = family.client_with("anna", |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    });
    let below = family.intermediate("below");
    vec![
        (usages(&[]), "made for clients (clientAuth)"),
        (
            usages(&[ExtendedKeyUsagePurpose::Any]),
            "was not made for clients",
        ),
        (
            usages(&[ExtendedKeyUsagePurpose::EmailProtection]),
            "was not made for clients",
        ),
        (authority, "that of a CA, not of a device"),
        (
            below.client("anna").through(&below),
            "more intermediate CAs stand between",
        ),
        (below.client("anna"), "signed by another CA"),
        (
            Authority::new("family").client("anna"),
            "signed by another CA of the same name",
        ),
    ]
}

async fn gate(hub: &Hub, family: &Authority, certificate: &str) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site(&format!("access: {{client_certificate: {certificate}}}"))
        .start()
        .await
}
