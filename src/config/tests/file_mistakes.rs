//! Mistakes in `listen`, `acme`, `limits`, `log` and the hosts of sites, each with its whole fault.

use super::{faults, site};

#[test]
fn each_mistake_is_reported_with_its_place_and_cure() {
    assert_faults(MISTAKES);
}

/// Checks the fault of each text, which is a file or the lines of a site.
pub(super) fn assert_faults(mistakes: &[(&str, &str)]) {
    for (text, expected) in mistakes {
        let text = if text.contains("sites:") {
            (*text).into()
        } else {
            site(text)
        };
        let faults = faults(&text);
        let headlines: Vec<_> = faults
            .lines()
            .filter_map(|l| l.strip_prefix("proxy.yaml:"))
            .collect();
        assert_eq!(headlines, [*expected], "{text}");
    }
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "sites: []",
        "1:8: sites: no site: write one with `hosts` and `upstream`",
    ),
    (
        r#"sites: [{upstream: "http://hub:80"}]"#,
        r#"1:9: sites[0]: the key "hosts" is missing: add it to this block"#,
    ),
    (
        "listen: {http: [], https: []}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:9: listen: nothing to listen on: give `http` or `https` an address, such as "[::]:443""#,
    ),
    (
        "listen: {http: [\"0.0.0.0:443\"]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:9: listen.https: [::]:443 is already taken by 0.0.0.0:443: use another port, or remove one",
    ),
    (
        "state: \"\"\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:8: state: the path is empty: name a file",
    ),
    (
        "state: ~/certs\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:8: state: `~` is not expanded: write the whole path",
    ),
    (
        "acme: {directory: letsencript}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:19: acme.directory: "letsencript" is no CA: write letsencrypt, letsencrypt-staging, zerossl, or the https URL of an ACME directory"#,
    ),
    (
        "acme: {directory: \"http://ca.test/dir\"}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:19: acme.directory: "http://ca.test/dir" is no CA: write letsencrypt, letsencrypt-staging, zerossl, or the https URL of an ACME directory"#,
    ),
    (
        "acme: {directory: zerossl}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:19: acme.directory: zerossl needs `eab`: make a key under "EAB Credentials" on its page for developers"#,
    ),
    (
        "acme: {eab: {key_id: \"\", hmac_key: k}}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:22: acme.eab.key_id: the key ID is empty: write the one that the CA issued",
    ),
    (
        "acme: {email: me}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:15: acme.email: "me" is no e-mail address: write one such as me@example.org"#,
    ),
    (
        "acme: {challenges: []}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:20: acme.challenges: no challenge type: name one, such as http-01",
    ),
    (
        "acme: {challenges: [http-02]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:21: acme.challenges[0]: expected "http-01", "tls-alpn-01" or "dns-01", found "http-02"; did you mean "http-01"?"#,
    ),
    (
        "listen: {http: []}\nacme: {challenges: [http-01]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "2:20: acme.challenges: http-01 needs an address in `listen.http`: give it one, or name another challenge type",
    ),
    (
        "acme: {challenges: [dns-01]}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:20: acme.challenges: dns-01 needs `acme.dns`: name the DNS provider",
    ),
    (
        "acme: {dns: {provider: exec, program: hook}}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:13: acme.dns: this is not used: add dns-01 to `acme.challenges`, or remove it",
    ),
    (
        "acme: {challenges: [dns-01], dns: {provider: desec}}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:35: acme.dns: the key \"token\" is missing for this provider: add it to this block",
    ),
    (
        "acme: {challenges: [dns-01], dns: {provider: exec, program: hook, token: t}}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:74: acme.dns.token: this provider has no token: remove it",
    ),
    (
        "acme: {challenges: [dns-01], dns: {provider: rfc2136, key: k, server: ns.test}}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:71: acme.dns.server: "ns.test" is no address: write one such as 192.0.2.53:53"#,
    ),
    (
        r#"sites: [{hosts: ["*.example.org"], certificate: acme, upstream: "http://h:1", access: public}]"#,
        "1:18: sites[0].hosts[0]: a CA certifies *.example.org by dns-01 only: add it to `acme.challenges`, and `acme.dns`",
    ),
    (
        r#"sites: [{hosts: [home.example.org, hub.local], certificate: acme, upstream: "http://h:1", access: public}]"#,
        "1:36: sites[0].hosts[1]: no public CA certifies hub.local: put it in a site of its own with `certificate: self-signed`",
    ),
    (
        "acme: {directory: \"https://ca.test/dir\", challenges: [dns-01], dns: {provider: exec, program: hook}}\nsites: [{hosts: [10.0.0.1], certificate: acme, upstream: \"http://h:1\", access: public}]",
        "2:18: sites[0].hosts[0]: no CA certifies the address 10.0.0.1 by dns-01: add http-01 to `acme.challenges`",
    ),
    (
        r#"sites: [{hosts: [a, A.], upstream: "http://h:1", access: public}]"#,
        "1:21: sites[0].hosts[1]: sites[0].hosts[0] has this host already: remove one of the two",
    ),
    (
        r#"sites: [{hosts: [], upstream: "http://h:1", access: public}]"#,
        "1:17: sites[0].hosts: no host: name one, such as home.example.org",
    ),
    (
        r#"sites: [{hosts: [a], upstream: "http://h", access: public}]"#,
        r#"1:32: sites[0].upstream: no port in "http://h": write one, such as http://h:8080"#,
    ),
    (
        r#"sites: [{hosts: [a], upstream: "http://h:1/openhab", access: public}]"#,
        r#"1:32: sites[0].upstream: "http://h:1/openhab" has more than scheme, host and port: remove the rest; hubgate forwards every path unchanged"#,
    ),
    (
        "sites: [{hosts: [a], upstream: {servers: []}, access: public}]",
        "1:42: sites[0].upstream.servers: no servers: name one at least, such as http://127.0.0.1:8080",
    ),
    (
        r#"sites: [{hosts: [a], upstream: {servers: ["http://h:1"], ca: ca.pem}, access: public}]"#,
        "1:62: sites[0].upstream.ca: no server here is https: write https, or remove `ca`",
    ),
    (
        r#"sites: [{hosts: [a], upstream: {servers: ["http://h:1"], health: {every: 2h}}, access: public}]"#,
        r#"1:74: sites[0].upstream.health.every: "2h" is too long: write 1h or less"#,
    ),
    (
        r#"sites: [{hosts: [a], upstream: {servers: ["http://h:1"], health: {path: up}}, access: public}]"#,
        "1:73: sites[0].upstream.health.path: the path does not begin with /: write one such as / or /health",
    ),
    (
        "listen: {https: []}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: {client_certificate: ca.pem}}]",
        "2:75: sites[0].access.client_certificate: client certificates need TLS: give `listen.https` an address",
    ),
    (
        "trusted_proxies: [home]\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:19: trusted_proxies[0]: "home" is no network: write lan, 192.168.1.0/24, fd00::/64 or an address"#,
    ),
    (
        "trusted_proxies: [\"::/0\"]\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:18: trusted_proxies: every client could claim any address: name only the proxy in front of hubgate",
    ),
    (
        "limits: {connections: 0}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:23: limits.connections: 0 would refuse every connection: write 1 or more",
    ),
    (
        "limits: {connections: -1}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:23: limits.connections: expected a whole number, found the number -1",
    ),
    (
        "limits: {idle: 0s}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:16: limits.idle: "0s" leaves no time at all: write 1s or more"#,
    ),
    (
        "limits: {body: 64M}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:16: limits.body: "64M" is no size: write a number with a unit, such as 64MB or 8KiB, or off"#,
    ),
    (
        "limits: {memory: off}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:18: limits.memory: "off" is no size: write auto, or a number with a unit, such as 64MiB"#,
    ),
    (
        "limits: {memory: 8KiB}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:18: limits.memory: "8KiB" is too little for two connections: write 1MiB or more"#,
    ),
    (
        "limits:\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        "1:7: limits: expected a block with body, connections, connections_per_address, header_time, idle, memory, stream_idle, found nothing; write a value or remove the key",
    ),
    (
        "log: {level: debgu}\nsites: [{hosts: [a], upstream: \"http://h:1\", access: public}]",
        r#"1:14: log.level: expected "error", "warn", "info", "debug" or "trace", found "debgu"; did you mean "debug"?"#,
    ),
];

#[test]
fn redirects_that_lead_to_each_other_are_refused_and_a_chain_is_taken() {
    let text = |last: &str| {
        format!(
            "sites:\n  - {{hosts: [a], redirect: 'https://b'}}\n  - {{hosts: [b], redirect: 'https://c'}}\n  \
             - {{hosts: [c], {last}}}\n"
        )
    };
    let refused = faults(&text("redirect: 'https://b'"));
    let places: Vec<_> = refused
        .lines()
        .filter(|line| line.contains("leads back"))
        .collect();
    assert_eq!(places.len(), 2, "{refused}");
    assert!(places[0].contains("sites[1].redirect"), "{refused}");
    let elsewhere = text("redirect: 'https://a:8443'");
    let ends = text("upstream: 'http://h:1', access: public");
    for text in [elsewhere, ends] {
        assert!(crate::config::parse(&text, std::path::Path::new("proxy.yaml")).is_ok());
    }
}
