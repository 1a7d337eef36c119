//! SNI and Host select a site by one function, and never a laxer one.
//!
//! Defects of other proxies: a connection made for an open name carried requests for a
//! protected one; a handshake without a name got no policy at all.

use super::protocols::{IN, connect, for_host};
use crate::{
    harness::{Authority, Client, HTPASSWD, Hubgate, Setup, hubgate},
    hub::Hub,
};

#[tokio::test]
async fn a_connection_serves_only_sites_with_the_same_certificate_request() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = street(&hub, &family).await;
    let anna = |name| named(&gate, name).showing(family.client("anna"));
    for (name, host, expected) in [
        ("home.test", "home.test", IN),
        ("home.test", "twin.test", IN),
        ("twin.test", "home.test", IN),
        ("home.test", "cousin.test", [421; 3]),
        ("home.test", "open.test", [421; 3]),
        ("home.test", "guarded.test", [421; 3]),
        ("open.test", "home.test", [421; 3]),
        ("guarded.test", "home.test", [421; 3]),
        ("open.test", "guarded.test", [401; 3]),
        ("guarded.test", "open.test", IN),
    ] {
        let statuses = for_host(&anna(name), host, "/", &[]).await;
        assert_eq!(statuses, expected, "{name}, {host}");
    }
}

#[tokio::test]
async fn a_handshake_with_no_or_an_unknown_name_reaches_no_site() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = street(&hub, &family).await;
    for name in ["127.0.0.1", "unknown.test", "home.test.unknown.test"] {
        let caller = named(&gate, name).showing(family.client("anna"));
        for host in ["home.test", "open.test", "127.0.0.1", "unknown.test"] {
            let statuses = for_host(&caller, host, "/", &[]).await;
            assert_eq!(statuses, [421; 3], "{name}, {host}");
        }
    }
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn without_a_name_the_site_with_the_address_answers() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url())
        .file("htpasswd", HTPASSWD)
        .site("access: {networks: [203.0.113.0/24]}")
        .other_site(&site(&hub, "127.0.0.1", "public"))
        .other_site(&site(&hub, "guarded.test", "{password: htpasswd}"))
        .start()
        .await;
    let nameless = named(&gate, "127.0.0.1");
    assert_eq!(for_host(&nameless, "127.0.0.1", "/", &[]).await, IN);
    assert_eq!(for_host(&nameless, "home.test", "/", &[]).await, [403; 3]);
    let guarded = for_host(&nameless, "guarded.test", "/", &[]).await;
    assert_eq!(guarded, [401; 3]);
}

#[tokio::test]
async fn without_a_name_the_only_site_answers_to_its_own_hosts_by_its_own_rule() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .client_certificate(&family)
        .start()
        .await;
    let nameless = named(&gate, "127.0.0.1");
    assert_eq!(for_host(&nameless, "home.test", "/", &[]).await, [496; 3]);
    let anna = nameless.clone().showing(family.client("anna"));
    assert_eq!(for_host(&anna, "home.test", "/", &[]).await, IN);
    for host in ["127.0.0.1", "other.test"] {
        assert_eq!(for_host(&anna, host, "/", &[]).await, [421; 3], "{host}");
    }
    let shown = nameless.certificate().await.unwrap();
    assert_eq!(shown, gate.tls().certificate().await.unwrap());
    let unknown = named(&gate, "unknown.test").showing(family.client("anna"));
    assert_eq!(for_host(&unknown, "home.test", "/", &[]).await, [421; 3]);
    assert_eq!(hub.requests().len(), 3);
}

#[tokio::test]
async fn an_address_as_host_is_judged_as_any_other_host() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .other_site(&site(&hub, "127.0.0.1", "{client_certificate: ca.pem}"))
        .start()
        .await;
    for host in ["127.0.0.1", "127.0.0.1:443"] {
        let statuses = for_host(&gate.tls(), host, "/", &[]).await;
        assert_eq!(statuses, [421; 3], "{host}");
    }
    let nameless = named(&gate, "127.0.0.1");
    let statuses = for_host(&nameless, "127.0.0.1", "/", &[]).await;
    assert_eq!(statuses, [496; 3]);
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn an_exact_name_takes_precedence_over_a_wildcard() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .other_site(&site(&hub, "'*.wild.test'", "{client_certificate: ca.pem}"))
        .other_site(&site(&hub, "open.wild.test", "public"))
        .start()
        .await;
    for (name, host, expected) in [
        ("open.wild.test", "open.wild.test", IN),
        ("open.wild.test", "a.wild.test", [421; 3]),
        ("a.wild.test", "b.wild.test", [496; 3]),
        ("a.wild.test", "open.wild.test", [421; 3]),
        ("a.b.wild.test", "a.b.wild.test", [421; 3]),
        ("wild.test", "wild.test", [421; 3]),
    ] {
        let statuses = for_host(&named(&gate, name), host, "/", &[]).await;
        assert_eq!(statuses, expected, "{name}, {host}");
    }
}

#[tokio::test]
async fn a_connection_without_a_certificate_request_is_never_mistaken_for_one_with_it() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let rule = "{client_certificate: ca.pem}";
    let nearby = format!(
        "{{hosts: [nearby.test], certificate: self-signed, upstream: \"{}\", \
         access: {{networks: [127.0.0.1]}}, paths: [{{path: /x/, access: {rule}}}]}}",
        hub.url()
    );
    let gate = Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .site(&format!("access: {rule}"))
        .other_site(&nearby)
        .start()
        .await;
    let away = named(&gate, "nearby.test").from("127.0.0.2");
    assert_eq!(away.requested_cas().await, None);
    assert_eq!(for_host(&away, "home.test", "/", &[]).await, [421; 3]);
}

#[tokio::test]
async fn a_host_field_beside_the_authority_changes_nothing() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let gate = street(&hub, &family).await;
    let mut http2 = connect(&named(&gate, "open.test"), "open.test", "h2").await;
    let fields = [("host", "guarded.test")];
    let answer = http2.exchange(http::Method::GET, "/two", &fields, "").await;
    if answer.status == 200 {
        let hosts = hub.request("/two").await.head;
        assert_eq!(hosts.values("host"), ["open.test"]);
    } else {
        assert!(matches!(answer.status, 400 | 421), "{}", answer.status);
    }
}

#[tokio::test]
async fn a_name_claimed_twice_is_a_fault_of_the_configuration() {
    for host in ["home.test", "HOME.test", "home.test."] {
        let twice = format!("{{hosts: [{host}], upstream: http://127.0.0.1:1, access: public}}");
        let setup = Setup::home("http://127.0.0.1:1").other_site(&twice);
        let ran = hubgate(&setup.write(), &["check"]);
        assert_eq!(ran.status, Some(78), "{host}: {}", ran.stdout);
    }
}

/// home and twin request the same certificates, cousin those of another CA, guarded a password.
async fn street(hub: &Hub, family: &Authority) -> Hubgate {
    let rule = "{client_certificate: ca.pem}";
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("cousins.pem", &Authority::new("cousins").pem())
        .file("htpasswd", HTPASSWD)
        .site(&format!("access: {rule}"))
        .other_site(&site(hub, "twin.test", rule))
        .other_site(&site(
            hub,
            "cousin.test",
            "{client_certificate: cousins.pem}",
        ))
        .other_site(&site(hub, "open.test", "public"))
        .other_site(&site(hub, "guarded.test", "{password: htpasswd}"))
        .start()
        .await
}

fn site(hub: &Hub, host: &str, access: &str) -> String {
    format!(
        "{{hosts: [{host}], certificate: self-signed, upstream: \"{}\", access: {access}}}",
        hub.url()
    )
}

fn named(gate: &Hubgate, name: &str) -> Client {
    gate.tls().accepting_any_certificate().name(name)
}
