//! Certificates of several sites that change while connections are open.

use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn certificates_of_two_sites_change_independently() {
    let hub = Hub::start().await;
    let other = format!(
        "{{hosts: [other.test], certificate: {{chain: other.pem, key: other.key}}, upstream: {}}}",
        hub.url()
    );
    let gate = Setup::home(&hub.url())
        .with_certificate("other", &["other.test"])
        .other_site(&other)
        .start()
        .await;
    let mut socket = gate.tls().websocket("/ws", &[]).await.unwrap();
    let home = shown(&gate, "home.test").await;
    let other = shown(&gate, "other.test").await;
    renew(&gate, "home").await;
    assert_ne!(shown(&gate, "home.test").await, home);
    assert_eq!(shown(&gate, "other.test").await, other);
    renew(&gate, "other").await;
    assert_ne!(shown(&gate, "other.test").await, other);
    assert_eq!(socket.exchange("still there").await, "still there");
}

/// Gives the site a new certificate, and waits until it is shown.
async fn renew(gate: &Hubgate, site: &str) {
    let host = format!("{site}.test");
    let leaf = gate.certificate_for(&[&host]);
    gate.write(&format!("{site}.key"), &leaf.key_pem);
    gate.write(&format!("{site}.pem"), &leaf.chain_pem);
    let new = leaf.certificate.to_vec();
    eventually(DEADLINE, "the new certificate is shown", async || {
        shown(gate, &host).await == new
    })
    .await;
}

async fn shown(gate: &Hubgate, host: &str) -> Vec<u8> {
    gate.tls().name(host).certificate().await.unwrap()
}
