//! Tests of `config` as a whole, from text to model.

mod example;
mod file_mistakes;
mod mistakes;
mod robust;
mod site_mistakes;
mod syntax;

use std::{path::Path, time::Duration};

use super::{
    model::{ClientHeaders, Config, Host, Hsts, PathAccess, Server},
    parse,
};

const EXAMPLE: &str = include_str!("../../../proxy.yaml");

fn config(text: &str) -> Config {
    parse(text, Path::new("/etc/hubgate/proxy.yaml")).unwrap_or_else(|faults| panic!("{faults}"))
}

fn faults(text: &str) -> String {
    let parsed = parse(text, Path::new("proxy.yaml"));
    parsed.expect_err("it has faults").to_string()
}

/// Returns a file with one site that has these lines after its hosts and upstream; public unless
/// they contain `access`.
fn site(lines: &str) -> String {
    let is_guarded = lines.lines().any(|line| line.starts_with("access:"));
    let access = if is_guarded { "" } else { "\naccess: public" };
    let lines = [lines, access].concat().replace('\n', "\n    ");
    format!("sites:\n  - hosts: [a.example]\n    upstream: http://hub:80\n    {lines}\n")
}

#[test]
fn the_keys_of_the_file_are_resolved() {
    let config = config(FULL);
    assert_eq!(config.listen.https.len(), 2);
    assert_eq!((config.limits.body, config.limits.connections), (None, 7));
    assert_eq!(config.limits.connections_per_address, 100);
    assert_eq!(config.log.level, tracing::Level::DEBUG);
    assert!(config.trusted_proxies.contains([10, 0, 0, 1].into()));
}

#[test]
fn the_keys_of_a_site_are_resolved() {
    let site = &config(FULL).sites[0];
    assert_eq!(site.hosts[0], Host::Wildcard("example.org".into()));
    assert_eq!(
        site.upstream().unwrap().servers[1],
        Server::Unix("/run/hub.sock".into())
    );
    let ca = Path::new("/etc/hubgate/ca.pem");
    assert_eq!(site.upstream().unwrap().ca.as_deref(), Some(ca));
    let max_age = Duration::from_secs(86400);
    let include_subdomains = false;
    assert_eq!(
        site.hsts,
        Hsts::On {
            max_age,
            include_subdomains
        }
    );
}

#[test]
fn the_keys_of_access_are_resolved() {
    let site = &config(FULL).sites[0];
    assert_eq!(site.access.client_headers, ClientHeaders::ClientCert);
    let networks = site.access.networks.as_ref().expect("networks");
    assert!(networks.contains([203, 0, 113, 9].into()));
    let [open, tighter, inherited] = [0, 1, 2].map(|nth| &site.paths[nth].access);
    assert!(matches!(open, PathAccess::Public));
    assert!(matches!(tighter, PathAccess::And(_)));
    assert!(matches!(inherited, PathAccess::Inherit));
}

#[test]
fn a_login_is_remembered_if_there_is_one_and_session_is_not_off() {
    let day = Duration::from_secs(86400);
    for (access, expected) in [
        ("{password: users}", Some(30 * day)),
        ("{client_certificate: ca.pem}", Some(30 * day)),
        ("{password: users, session: 90m}", Some(day / 16)),
        ("{password: users, session: off}", None),
        ("{networks: [lan]}", None),
        ("{networks: [lan], session: off}", None),
        ("public", None),
    ] {
        let config = config(&site(&format!("access: {access}")));
        assert_eq!(config.sites[0].session, expected, "{access}");
    }
    let clear = "listen: {https: []}\nsites: [{hosts: [a], upstream: 'http://h:1', access: {password: users}}]";
    assert_eq!(config(clear).sites[0].session, None);
}

const FULL: &str = r#"
listen: {http: [], https: ["127.0.0.1:8443", "[::1]:8443"]}
state: /var/lib/hubgate
trusted_proxies: [10.0.0.1]
limits: {body: off, connections: 7, idle: 5m}
log: {access: json, level: debug}
sites:
  - hosts: ["*.Example.org", "192.168.1.5"]
    upstream: {servers: ["https://hub:8443", "unix:/run/hub.sock"], ca: ca.pem}
    access:
      satisfy: all
      networks: [lan, 203.0.113.0/24]
      client_certificate: {ca: phones.pem, allow: [Anna]}
      client_headers: client-cert
    paths:
      - {path: /static/, access: public}
      - {path: /admin, access: {password: users}}
      - {path: /grafana/, upstream: "http://127.0.0.1:3000"}
    hsts: {max_age: 1d}
    headers: {X-Frame-Options: DENY}
"#;

#[test]
fn an_anchor_can_be_used_twice() {
    let config = config(
        "sites:\n- {hosts: [a], upstream: 'http://h:1', access: &home {networks: [lan]}}\n- {hosts: [b], upstream: 'http://h:1', access: *home}\n",
    );
    assert!(
        config
            .sites
            .iter()
            .all(|site| site.access.networks.is_some())
    );
}

#[test]
fn risks_and_unused_settings_are_warnings() {
    let text = "listen: {https: []}\nsites:\n- {hosts: [a], upstream: 'http://h:1', access: public}\n- {hosts: [b], upstream: 'http://h:1', access: public, certificate: {chain: c, key: k}}\n- {hosts: [c], upstream: 'http://h:1', access: {password: users}}\n";
    let expected = [
        "/etc/hubgate/proxy.yaml:4:69: sites[1].certificate: this certificate is not used, since `listen.https` has no address: give it one",
        "/etc/hubgate/proxy.yaml:5:59: sites[2].access.password: passwords travel in the clear, since `listen.https` has no address: give it one",
    ];
    assert_eq!(config(text).warnings, expected);
}

#[test]
fn the_state_folder_is_found_in_a_file_with_faults() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxy.yaml");
    for (text, expected) in [
        ("state: \"keys\" # ours\nsites: [\n", "keys"),
        ("bad: 1\nstate: /var/keys\n", "/var/keys"),
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(super::state_folder(&path), folder.path().join(expected));
    }
    std::fs::create_dir(folder.path().join("certs")).unwrap();
    std::fs::write(&path, "sites: [").unwrap();
    assert_eq!(super::state_folder(&path), folder.path().join("certs"));
}
