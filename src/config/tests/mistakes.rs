//! Several mistakes in one file.

use std::path::Path;

use super::{faults, site};
use crate::config::parse;

#[test]
fn all_mistakes_are_reported_together_in_the_order_of_the_file() {
    let text = "\
listen: {http: [\"80\"]}
sites:
  - hosts: [home, Home.]
    upstrem: http://hub
  - hosts: home
    upstream: http://hub
    access:
      networks: [5, lan]
      pasword: users
limits: {idle: 75}
metrics: {}
";
    let expected = r#"proxy.yaml:1:17: listen.http[0]: "80" has no address: write "[::]:80" for all addresses of this machine
    1 | listen: {http: ["80"]}
      |                 ^
proxy.yaml:3:19: sites[0].hosts[1]: sites[0].hosts[0] has this host already: remove one of the two
    3 |   - hosts: [home, Home.]
      |                   ^
proxy.yaml:4:5: sites[0]: unknown key "upstrem"; did you mean "upstream"?
    4 |     upstrem: http://hub
      |     ^
proxy.yaml:5:12: sites[1].hosts: expected a list, found "home"; write ["home"]
    5 |   - hosts: home
      |            ^
proxy.yaml:8:18: sites[1].access.networks[0]: expected text, found the number 5; if it is text, put it in quotes
    8 |       networks: [5, lan]
      |                  ^
proxy.yaml:9:7: sites[1].access: unknown key "pasword"; did you mean "password"?
    9 |       pasword: users
      |       ^
proxy.yaml:10:16: limits.idle: expected text, found the number 75; write it like 75s
   10 | limits: {idle: 75}
      |                ^
proxy.yaml:11:1: unknown key "metrics"; there are: acme, history, limits, listen, log, sites, state, trusted_proxies
   11 | metrics: {}
      | ^"#;
    assert_eq!(faults(text), expected);
}

#[test]
fn a_fault_of_the_schema_does_not_hide_a_fault_of_a_value() {
    let faults = parse(&site("hst: off\nheaders: {Upgrade: h2c}"), Path::new("p")).unwrap_err();
    assert_eq!(faults.len(), 2, "{faults}");
}

#[test]
fn a_removed_part_is_not_reported_again_as_missing() {
    for (lines, path) in [
        ("access: {pasword: x}", "sites[0].access: unknown"),
        (
            "access: {networks: [5]}",
            "sites[0].access.networks[0]: expected",
        ),
        (
            "access: {networks: [lan], client_certificates: ca.pem, client_headers: client-cert}",
            "unknown",
        ),
        (
            "paths: [{path: /a, acess: public}]",
            "sites[0].paths[0]: unknown",
        ),
    ] {
        let faults = parse(&site(lines), Path::new("p")).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults}");
        assert!(faults.to_string().contains(path), "{faults}");
    }
}
