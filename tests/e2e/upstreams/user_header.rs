//! `user_header`: the hub gets the name of the admitted user or device, from hubgate alone.

use crate::{
    access::protocols::{IN, statuses_on_each_protocol},
    harness::{ANNA, Authority, HTPASSWD, Hubgate, Setup},
    hub::{Hub, Request},
};

/// Forged identity fields of a client.
const FORGED: [(&str, &str); 4] = [
    ("remote-user", "owner"),
    ("Remote_User", "owner"),
    ("X-Owner", "owner"),
    ("x_owner", "owner"),
];

#[tokio::test]
async fn the_hub_gets_only_the_name_of_the_logged_in_user() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    for name in ["Remote-User", "X_Owner", "X-Owner"] {
        let gate = start(&hub, &family, name).await;
        let away = gate.tls().from("127.0.0.2");
        let mut fields = FORGED.to_vec();
        fields.push(("authorization", ANNA));
        assert_eq!(
            statuses_on_each_protocol(&gate.tls(), "/", &FORGED).await,
            IN
        );
        named(&hub, name, None);
        for target in ["/", "/open/"] {
            assert_eq!(
                statuses_on_each_protocol(&away, target, &fields).await,
                IN,
                "{target}"
            );
            named(&hub, name, Some("anna"));
        }
        assert_eq!(
            statuses_on_each_protocol(&away, "/open/", &FORGED).await,
            IN
        );
        named(&hub, name, None);
        let phone = gate
            .tls()
            .from("127.0.0.2")
            .showing(family.client("Ben's phone"));
        assert_eq!(statuses_on_each_protocol(&phone, "/", &FORGED).await, IN);
        named(&hub, name, Some("Ben's phone"));
    }
}

#[tokio::test]
async fn a_name_cannot_end_its_field_and_keeps_its_umlauts() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = start(&hub, &family, "Remote-User").await;
    let away = gate.tls().from("127.0.0.2");
    let phone = away.showing(family.client("J\u{e4}ger\r\nX-Evil: 1"));
    assert_eq!(statuses_on_each_protocol(&phone, "/", &[]).await, IN);
    for request in hub.requests() {
        let name = request.field("remote-user").unwrap();
        assert_eq!(name, "J\u{e4}ger\\0D\\0AX-Evil: 1");
        assert_eq!(request.values("x-evil"), [""; 0]);
    }
}

/// Asserts that the last three requests, one per protocol, carry only this name in the field.
fn named(hub: &Hub, field: &str, user: Option<&str>) {
    let requests = hub.requests();
    for request in &requests[requests.len() - 3..] {
        assert_eq!(request.field(field), user, "{field}");
        let other = |request: &Request, name: &str| {
            let name = name.to_ascii_lowercase();
            name != field.to_ascii_lowercase() && request.field(&name).is_some()
        };
        let known = ["remote-user", "remote_user", "x_owner"];
        let others: Vec<_> = known.iter().filter(|name| other(request, name)).collect();
        assert_eq!(others, [&""; 0], "{:?}", request.head);
        let forged = request.values("x-owner").contains(&"owner");
        assert!(field == "Remote-User" || !forged, "{:?}", request.head);
    }
}

/// At home without anything, away with a password or certificate; one path is public.
async fn start(hub: &Hub, family: &Authority, user_header: &str) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!("user_header: {user_header}"))
        .site("access: {networks: [127.0.0.1], password: htpasswd, client_certificate: ca.pem}")
        .site("paths:")
        .site("  - {path: /open/, access: public}")
        .start()
        .await
}
