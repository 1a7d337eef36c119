//! Access rules: each admits the same clients, or the import stops.

use super::{HUB, PASSWORD, home, report, stop, yaml};

/// Returns the access block of the site and its paths.
fn access(inside: &str) -> String {
    let yaml = yaml(&home(inside));
    let begin = yaml.find("    access:").unwrap();
    yaml[begin..].to_owned()
}

#[test]
fn one_factor_or_several_become_one_access_block() {
    let lan = "allow 192.168.0.0/24; allow 127.0.0.1; deny all;";
    for (written, expected) in [
        (PASSWORD, "password: /e/.htpasswd"),
        (lan, "networks: [127.0.0.1, 192.168.0.0/24]"),
        (
            &format!("satisfy any; {lan} {PASSWORD}"),
            "satisfy: any\n      networks: [127.0.0.1, 192.168.0.0/24]\n      password: /e/.htpasswd",
        ),
        (
            &format!("{lan} {PASSWORD}"),
            "satisfy: all\n      networks: [127.0.0.1, 192.168.0.0/24]\n      password: /e/.htpasswd",
        ),
        (
            &format!("satisfy any; deny all; {PASSWORD}"),
            "password: /e/.htpasswd",
        ),
        (&format!("allow all; {PASSWORD}"), "password: /e/.htpasswd"),
    ] {
        let expected = format!("    access:\n      {expected}\n");
        assert_eq!(
            access(&format!("location / {{ {HUB} {written} }}")),
            expected,
            "{written}"
        );
        assert_eq!(
            access(&format!("{written} location / {{ {HUB} }}")),
            expected,
            "{written}"
        );
    }
}

#[test]
fn a_rule_that_admits_every_client_is_public() {
    for written in [
        "",
        "satisfy any; allow 10.0.0.0/8;",
        "auth_basic off;",
        "satisfy any; allow all; auth_basic x; auth_basic_user_file /p;",
    ] {
        let access = access(&format!("location / {{ {HUB} {written} }}"));
        assert!(
            access.starts_with("    access: public"),
            "{written}: {access}"
        );
    }
}

#[test]
fn an_inner_list_replaces_the_outer_one() {
    let inside = format!("deny all; location / {{ {HUB} allow 10.0.0.0/8; deny all; }}");
    assert_eq!(
        access(&inside),
        "    access:\n      networks: [10.0.0.0/8]\n"
    );
}

#[test]
fn a_list_of_deny_becomes_the_networks_it_admits_or_stops() {
    let one = format!("location / {{ {HUB} deny 203.0.113.7; }}");
    let access = access(&one);
    assert!(
        access.contains("# All networks that NGINX's list")
            && access.contains("\"::/1\", \"8000::/1\""),
        "{access}"
    );
    let denies: String = (0..8).map(|nth| format!("deny 10.{nth}.3.7;")).collect();
    assert!(
        stop(&home(&format!("location / {{ {HUB} {denies} }}")))
            .contains("end the list with `deny all`")
    );
}

#[test]
fn a_certificate_is_required_besides_the_other_factors() {
    let certificate = "ssl_client_certificate /c/ca.pem; ssl_verify_client on; ssl_crl /c/crl.pem;";
    let block = "    access:\n      client_certificate: {ca: /c/ca.pem, crl: /c/crl.pem, verify_depth: 1}\n";
    assert_eq!(
        access(&format!("{certificate} location / {{ {HUB} }}")),
        block
    );
    let any = format!("satisfy any; allow 10.0.0.0/8; deny all; {PASSWORD}");
    let path = "    paths:\n      - path: /\n        access:\n          satisfy: any\n          networks: [10.0.0.0/8]\n          password: /e/.htpasswd\n";
    assert_eq!(
        access(&format!("{certificate} location / {{ {HUB} {any} }}")),
        format!("{block}{path}")
    );
}

#[test]
fn verify_depth_is_that_of_nginx() {
    let certificate = "ssl_client_certificate /c/ca.pem; ssl_verify_client on;";
    for (written, depth) in [
        ("", 1),
        ("ssl_verify_depth 0;", 0),
        ("ssl_verify_depth 2;", 2),
        ("ssl_verify_depth 900;", 900),
    ] {
        let access = access(&format!("{certificate} {written} location / {{ {HUB} }}"));
        assert!(
            access.contains(&format!("verify_depth: {depth}}}")),
            "{written}: {access}"
        );
    }
}

#[test]
fn a_certificate_is_required_where_an_if_requires_it() {
    let optional = "ssl_client_certificate /c/ca.pem; ssl_verify_client optional;";
    let wanted = "if ($ssl_client_verify != SUCCESS) { return 403; }";
    let everywhere = access(&format!("{optional} {wanted} location / {{ {HUB} }}"));
    assert_eq!(
        everywhere,
        "    access:\n      client_certificate: {ca: /c/ca.pem, verify_depth: 1}\n"
    );
    let there = access(&format!(
        "{optional} {PASSWORD} location / {{ {HUB} }} location /admin/ {{ {wanted} {HUB} }}"
    ));
    let expected = "    access:\n      password: /e/.htpasswd\n    paths:\n      - path: /admin\n        access:\n          satisfy: all\n          password: /e/.htpasswd\n          client_certificate: {ca: /c/ca.pem, verify_depth: 1}\n";
    assert_eq!(there, expected);
    assert!(
        stop(&home(&format!("{optional} location / {{ {HUB} }}"))).contains("leaves it to the hub")
    );
    assert!(
        stop(&home(&format!(
            "ssl_client_certificate /c; ssl_verify_client optional_no_ca; location / {{ {HUB} }}"
        )))
        .contains("leaves it to the hub")
    );
}

#[test]
fn an_inner_location_does_not_inherit_an_if() {
    let inside = format!(
        "ssl_client_certificate /c/ca.pem; ssl_verify_client optional; location / {{ {HUB} \
         if ($ssl_client_verify != SUCCESS) {{ return 403; }} location /open/ {{ {HUB} }} }}"
    );
    let expected = "    access:\n      client_certificate: {ca: /c/ca.pem, verify_depth: 1}\n    paths:\n      - path: /open/\n        access: public\n";
    assert_eq!(access(&inside), expected);
}

#[test]
fn a_location_may_be_open_or_stricter_but_not_in_between() {
    let root = format!("{PASSWORD} location / {{ {HUB} }}");
    let open = access(&format!(
        "{root} location /static/ {{ auth_basic off; {HUB} }}"
    ));
    assert!(
        open.ends_with("    paths:\n      - path: /static/\n        access: public\n"),
        "{open}"
    );
    let tighter = access(&format!(
        "{root} location /admin/ {{ allow 10.0.0.0/8; deny all; {HUB} }}"
    ));
    assert!(tighter.contains("- path: /admin\n        access:\n          satisfy: all\n          networks: [10.0.0.0/8]\n"), "{tighter}");
    let other =
        format!("{root} location /other/ {{ auth_basic off; allow 10.0.0.0/8; deny all; {HUB} }}");
    let message = stop(&home(&other));
    assert!(
        message.contains("/e/sites-enabled/openhab:6: this location is less strict"),
        "{message}"
    );
}

#[test]
fn the_least_strict_location_gives_the_sites_rule_if_all_others_tighten_it() {
    let inside = format!(
        "location / {{ {PASSWORD} allow 10.0.0.0/8; deny all; {HUB} }} location /api/ {{ {PASSWORD} {HUB} }}"
    );
    let access = access(&inside);
    assert!(
        access.starts_with(
            "    access:\n      password: /e/.htpasswd\n    paths:\n      - path: /\n"
        ),
        "{access}"
    );
    assert!(
        access.contains("- path: /api/\n        upstream: http://127.0.0.1:8080\n"),
        "{access}"
    );
}

#[test]
fn an_exact_location_leaves_the_paths_below_it_unchanged() {
    let inside =
        format!("{PASSWORD} location / {{ {HUB} }} location = /logo {{ auth_basic off; {HUB} }}");
    let expected = "    paths:\n      - path: /logo\n        access: public\n      - path: /logo/\n        upstream: http://127.0.0.1:8080\n";
    assert!(access(&inside).ends_with(expected), "{}", access(&inside));
}

#[test]
fn an_expression_that_protects_a_path_stops_and_another_is_dropped() {
    let root = format!("{PASSWORD} location / {{ {HUB} }}");
    let message = stop(&home(&format!("{root} location ~ \\.cgi$ {{ deny all; }}")));
    assert!(
        message.contains("hubgate has no regular expressions"),
        "{message}"
    );
    let images = format!("{root} location ~* \\.png$ {{ auth_basic off; {HUB} }}");
    assert_eq!(
        access(&images),
        "    access:\n      password: /e/.htpasswd\n"
    );
    assert!(report(&home(&images)).contains("the rule of the path around it applies"));
    // Below ^~, NGINX ignores expressions.
    let shielded = format!(
        "{PASSWORD} location / {{ {HUB} }} location ^~ /s/ {{ auth_basic off; {HUB} }} location ~ ^/s/x {{ {HUB} }}"
    );
    assert!(access(&shielded).contains("- path: /s/\n        access: public"));
    let open = format!(
        "{PASSWORD} location / {{ {HUB} }} location /s/ {{ auth_basic off; {HUB} }} location ~ ^/s/x {{ {HUB} }}"
    );
    assert!(stop(&home(&open)).contains("protects /s/x"));
}

#[test]
fn a_directive_that_may_protect_and_has_no_counterpart_stops_with_its_position() {
    for guard in [
        "auth_request /auth;",
        "limit_except GET { deny all; }",
        "if ($http_user_agent ~ bot) { return 403; }",
        "if ($arg_key != secret) { return 302 /login; }",
        "if ($ssl_client_s_dn !~ Anna) { return 403; }",
        "valid_referers none; if ($invalid_referer) { return 403; }",
        "secure_link $arg_md5;",
        "access_by_lua_file /x.lua;",
        "auth_jwt realm;",
        "modsecurity on;",
        "auth_basic $realm; auth_basic_user_file /p;",
        "auth_basic realm;",
    ] {
        for inside in [
            format!("location / {{ {HUB}\n {guard} }}"),
            format!("location / {{ {HUB} }}\n {guard}"),
        ] {
            let message = stop(&home(&inside));
            assert!(
                message.contains("/e/sites-enabled/openhab:7: "),
                "{guard}: {message}"
            );
        }
    }
}

#[test]
fn a_location_without_an_upstream_is_closed_and_needs_no_protection() {
    let inside =
        format!("location / {{ {HUB} }} location /files/ {{ root /srv; auth_request /auth; }}");
    let closed = "      - path: /files/\n        access:\n          networks: [255.255.255.255]";
    assert!(access(&inside).contains(closed), "{}", access(&inside));
}

#[test]
fn all_reasons_to_stop_are_reported_at_once() {
    let message = stop(&home(&format!(
        "auth_request /a;\nlocation / {{ {HUB} allow home; }}"
    )));
    assert_eq!(message.lines().count(), 3, "{message}");
}
