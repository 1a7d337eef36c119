//! Who enters: the same people, or the import stops.

use super::{HUB, PASSWORD, home, report, stop, yaml};

/// The access block of the site and its paths.
fn access(inside: &str) -> String {
    let yaml = yaml(&home(inside));
    let begin = yaml.find("    access:").unwrap();
    yaml[begin..].to_owned()
}

#[test]
fn factors_alone_and_together_become_one_block() {
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
fn what_lets_everybody_in_is_public() {
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
fn a_list_of_refusals_becomes_what_it_leaves_or_stops() {
    let one = format!("location / {{ {HUB} deny 203.0.113.7; }}");
    let access = access(&one);
    assert!(
        access.contains("# All that NGINX's list") && access.contains("\"::/1\", \"8000::/1\""),
        "{access}"
    );
    let denies: String = (0..8).map(|it| format!("deny 10.{it}.3.7;")).collect();
    assert!(
        stop(&home(&format!("location / {{ {HUB} {denies} }}")))
            .contains("end the list with `deny all`")
    );
}

#[test]
fn certificates_are_needed_besides_everything_else() {
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
fn as_many_intermediate_cas_are_followed_as_in_nginx() {
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
fn a_certificate_that_an_if_wants_is_needed_there() {
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
fn an_if_of_an_outer_location_does_not_hold_in_an_inner_one() {
    let inside = format!(
        "ssl_client_certificate /c/ca.pem; ssl_verify_client optional; location / {{ {HUB} \
         if ($ssl_client_verify != SUCCESS) {{ return 403; }} location /open/ {{ {HUB} }} }}"
    );
    let expected = "    access:\n      client_certificate: {ca: /c/ca.pem, verify_depth: 1}\n    paths:\n      - path: /open/\n        access: public\n";
    assert_eq!(access(&inside), expected);
}

#[test]
fn a_place_may_be_open_or_tighter_but_not_looser_in_between() {
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
    let told = stop(&home(&other));
    assert!(
        told.contains("/e/sites-enabled/openhab:6: this place is looser"),
        "{told}"
    );
}

#[test]
fn the_loosest_place_is_the_sites_rule_if_all_others_tighten_it() {
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
fn an_exact_place_leaves_what_is_below_it_as_it_was() {
    let inside =
        format!("{PASSWORD} location / {{ {HUB} }} location = /logo {{ auth_basic off; {HUB} }}");
    let expected = "    paths:\n      - path: /logo\n        access: public\n      - path: /logo/\n        upstream: http://127.0.0.1:8080\n";
    assert!(access(&inside).ends_with(expected), "{}", access(&inside));
}

#[test]
fn an_expression_that_guards_stops_and_one_that_does_not_is_dropped() {
    let root = format!("{PASSWORD} location / {{ {HUB} }}");
    let told = stop(&home(&format!("{root} location ~ \\.cgi$ {{ deny all; }}")));
    assert!(told.contains("hubgate knows no expressions"), "{told}");
    let images = format!("{root} location ~* \\.png$ {{ auth_basic off; {HUB} }}");
    assert_eq!(
        access(&images),
        "    access:\n      password: /e/.htpasswd\n"
    );
    assert!(report(&home(&images)).contains("the rule of the place it falls in holds"));
    // Below ^~ expressions are not looked at.
    let shielded = format!(
        "{PASSWORD} location / {{ {HUB} }} location ^~ /s/ {{ auth_basic off; {HUB} }} location ~ ^/s/x {{ {HUB} }}"
    );
    assert!(access(&shielded).contains("- path: /s/\n        access: public"));
    let open = format!(
        "{PASSWORD} location / {{ {HUB} }} location /s/ {{ auth_basic off; {HUB} }} location ~ ^/s/x {{ {HUB} }}"
    );
    assert!(stop(&home(&open)).contains("guards /s/x"));
}

#[test]
fn what_may_guard_and_cannot_be_said_stops_with_its_place() {
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
            let told = stop(&home(&inside));
            assert!(
                told.contains("/e/sites-enabled/openhab:7: "),
                "{guard}: {told}"
            );
        }
    }
}

#[test]
fn a_place_without_a_hub_is_closed_and_needs_no_guard() {
    let inside =
        format!("location / {{ {HUB} }} location /files/ {{ root /srv; auth_request /auth; }}");
    let closed = "      - path: /files/\n        access:\n          networks: [255.255.255.255]";
    assert!(access(&inside).contains(closed), "{}", access(&inside));
}

#[test]
fn all_reasons_to_stop_are_told_at_once() {
    let told = stop(&home(&format!(
        "auth_request /a;\nlocation / {{ {HUB} allow home; }}"
    )));
    assert_eq!(told.lines().count(), 3, "{told}");
}
