//! Sessions of clients with a certificate: they exist where a certificate alone is enough, and as
//! long as it is valid.

use http::Method;

use super::session::ours;
use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Authority, Client, HTPASSWD, Hubgate, Leaf, Setup},
    hub::Hub,
};

const ABSENT: [u16; 3] = [496, 496, 496];

#[tokio::test]
async fn a_session_remembers_a_certificate_on_connections_without_one() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = with_list(&hub, &family).await;
    let cookie = login(&gate, family.client("anna")).await;
    let cookie = [("cookie", cookie.as_str())];
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &[]).await,
        ABSENT
    );
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &cookie).await,
        IN
    );
    let foreign = [cookie[0], ("origin", "https://evil.test")];
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &foreign).await,
        ABSENT
    );
}

#[tokio::test]
async fn a_revoked_certificate_ends_its_sessions_and_their_connections() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let (anna, ben) = (family.client("anna"), family.client("ben"));
    let revocation = family.revoking(&[&anna]);
    let gate = with_list(&hub, &family).await;
    let (hers, his) = (login(&gate, anna).await, login(&gate, ben).await);
    let (hers, his) = ([("cookie", hers.as_str())], [("cookie", his.as_str())]);
    let caller = gate.tls();
    let mut her_socket = caller.websocket("/ws", &hers).await.ok().unwrap();
    let mut his_socket = caller.websocket("/ws", &his).await.ok().unwrap();
    assert_eq!(her_socket.exchange("before").await, "before");
    gate.write("ca.crl", &revocation);
    assert_eq!(her_socket.receive().await, None);
    assert_eq!(statuses_on_each_protocol(&caller, "/", &hers).await, ABSENT);
    assert_eq!(his_socket.exchange("after").await, "after");
    assert_eq!(statuses_on_each_protocol(&caller, "/", &his).await, IN);
}

#[tokio::test]
async fn the_certificate_is_shown_again_after_a_restart() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let anna = family.client("anna");
    let mut gate = with_list(&hub, &family).await;
    let phone = gate.tls().showing(anna);
    let cookie = login_by(&phone).await;
    let cookie = [("cookie", cookie.as_str())];
    gate.kill();
    gate.start_again().await;
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &cookie).await,
        ABSENT
    );
    assert_eq!(statuses_on_each_protocol(&phone, "/", &cookie).await, IN);
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &cookie).await,
        IN
    );
}

#[tokio::test]
async fn only_the_password_is_remembered_where_all_factors_are_required() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {satisfy: all, password: htpasswd, client_certificate: ca.pem}")
        .start()
        .await;
    let phone = gate.tls().showing(family.client("anna"));
    let mut client = phone.http2().await;
    let fields = [("authorization", ANNA)];
    let answer = client.exchange(Method::GET, "/", &fields, "").await;
    let cookie = ours(&answer).unwrap();
    let cookie = [("cookie", cookie.split(';').next().unwrap())];
    assert_eq!(statuses_on_each_protocol(&phone, "/", &cookie).await, IN);
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/", &cookie).await,
        ABSENT
    );
}

#[tokio::test]
async fn a_path_with_a_ca_of_its_own_is_not_entered_by_the_sites_session() {
    let (hub, family, work) = (
        Hub::start().await,
        Authority::new("family"),
        Authority::new("work"),
    );
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("work.pem", &work.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {client_certificate: ca.pem}")
        .site("paths:")
        .site("  - {path: /work, access: {client_certificate: work.pem}}")
        .site("  - {path: /vault, access: {password: htpasswd}}")
        .site("  - {path: /same, access: {client_certificate: ca.pem}}")
        .start()
        .await;
    let cookie = login(&gate, family.client("anna")).await;
    let cookie = [("cookie", cookie.as_str())];
    for (path, ways) in [
        ("/same", IN),
        ("/work", ABSENT),
        ("/vault", [401, 401, 401]),
    ] {
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), path, &cookie).await,
            ways,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_hub_gets_certificate_fields_only_where_a_certificate_is_presented() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site("access: {client_certificate: ca.pem, client_headers: x-ssl-client}")
        .start()
        .await;
    let cookie = login(&gate, family.client("anna")).await;
    let verify = hub.request("/login").await;
    assert_eq!(verify.field("x-ssl-client-verify"), Some("SUCCESS"));
    let cookie = [("cookie", cookie.as_str())];
    assert_eq!(
        statuses_on_each_protocol(&gate.tls(), "/remembered", &cookie).await,
        IN
    );
    let verify = hub.request("/remembered").await;
    assert_eq!(verify.field("x-ssl-client-verify"), Some("NONE"));
}

/// Starts hubgate with the family's CA and an empty revocation list.
async fn with_list(hub: &Hub, family: &Authority) -> Hubgate {
    let none: [&Leaf; 0] = [];
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("ca.crl", &family.revoking(&none))
        .site("access: {client_certificate: {ca: ca.pem, crl: ca.crl}}")
        .start()
        .await
}

/// Logs in with the certificate and returns the session cookie, as a browser sends it.
async fn login(gate: &Hubgate, leaf: Leaf) -> String {
    login_by(&gate.tls().showing(leaf)).await
}

async fn login_by(caller: &Client) -> String {
    let answer = caller.http2().await.get("/login").await;
    let cookie = ours(&answer).expect("a cookie");
    cookie.split(';').next().unwrap().to_owned()
}
