//! Certificate files are used as they are and reloaded when they change.

use crate::{
    harness::{DEADLINE, Hubgate, Setup, eventually},
    hub::Hub,
};

#[tokio::test]
async fn a_renewed_certificate_is_picked_up() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let mut open = gate.tls().http2().await;
    let before = served(&gate).await;
    let renewed = gate.certificate_for(&["home.test"]);
    gate.write("home.key", &renewed.key_pem);
    gate.write("home.pem", &renewed.chain_pem);
    eventually(DEADLINE, "the renewed certificate is served", async || {
        served(&gate).await == *renewed.certificate
    })
    .await;
    assert_ne!(before, *renewed.certificate);
    assert_eq!(open.get("/").await.status, 200, "open connections stay");
}

#[tokio::test]
async fn a_broken_renewal_keeps_the_old_certificate() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let before = served(&gate).await;
    gate.write("home.pem", "this is no certificate\n");
    gate.line_with("home.pem").await;
    assert_eq!(served(&gate).await, before);
    assert_eq!(gate.tls().http2().await.get("/").await.status, 200);
}

#[tokio::test]
async fn files_may_be_links_as_certbot_makes_them() {
    let hub = Hub::start().await;
    let setup = Setup::home(&hub.url());
    let folder = setup.write();
    for file in ["home.pem", "home.key"] {
        let archived = format!("archived-{file}");
        std::fs::rename(folder.join(file), folder.join(&archived)).unwrap();
        std::os::unix::fs::symlink(archived, folder.join(file)).unwrap();
    }
    let gate = setup.start().await;
    let renewed = gate.certificate_for(&["home.test"]);
    gate.write("archived-home.key", &renewed.key_pem);
    gate.write("archived-home.pem", &renewed.chain_pem);
    eventually(DEADLINE, "the renewed certificate is served", async || {
        served(&gate).await == *renewed.certificate
    })
    .await;
}

async fn served(gate: &Hubgate) -> Vec<u8> {
    gate.tls().certificate().await.unwrap()
}
