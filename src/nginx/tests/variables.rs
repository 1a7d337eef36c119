//! Variables that the files, the client's address or its certificate decide.

use super::{HUB, ImportError, home, import_text, stop, yaml};

#[test]
fn a_variable_names_an_upstream_only_where_it_has_one_value() {
    let other = "location /a/ { set $hub 127.0.0.1:9; return 404; }";
    for (inside, is_hub) in [
        (
            "set $hub 127.0.0.1:8080; location / { proxy_pass http://$hub; }",
            true,
        ),
        (
            "location / { set $hub 127.0.0.1:8080; set $way http; proxy_pass $way://$hub$request_uri; }",
            true,
        ),
        (
            "set $hub 127.0.0.1:9; location / { set $hub 127.0.0.1:8080; proxy_pass http://$hub; }",
            true,
        ),
        (
            "set $hub 127.0.0.1:9; if ($scheme = https) { set $hub 127.0.0.1:8080; } location / { proxy_pass http://$hub; }",
            true,
        ),
        ("location / { proxy_pass http://$hub; }", false),
        (
            "location / { set $hub $arg_x; proxy_pass http://$hub; }",
            false,
        ),
        (
            "location / { if ($arg_x) { set $hub 127.0.0.1:8080; } proxy_pass http://$hub; }",
            false,
        ),
        (
            "location / { set $hub 127.0.0.1:8080; proxy_pass http://$hub/; }",
            false,
        ),
        (
            "location / { set $hub 127.0.0.1:8080; location /b/ { proxy_pass http://$hub; } }",
            false,
        ),
    ] {
        let site = home(&format!("{other} {inside}"));
        match import_text(&site) {
            Ok(import) => assert!(
                is_hub && import.yaml.contains("http://127.0.0.1:8080"),
                "{inside}: {}",
                import.yaml
            ),
            Err(ImportError::NoUpstream(_)) => assert!(!is_hub, "{inside}"),
            Err(failure) => panic!("{inside}: {failure}"),
        }
    }
}

const FILE: &str = "auth_basic_user_file /e/.htpasswd;";
const MAPS: &str = "geo $near { default 0; 192.168.1.0/24 1; 192.168.1.7 0; } geo $ask { default Home; 10.0.0.0/8 off; } \
    map $near $nearby { 0 no; default yes; } map $ssl_client_verify $shown { default Home; SUCCESS off; } \
    map $ssl_client_verify $bad { default 1; SUCCESS 0; } geo $odd { ranges; default 0; }\n";
const OPTIONAL: &str = "ssl_client_certificate /c/ca.pem; ssl_verify_client optional;";

#[test]
fn a_variable_of_the_clients_address_or_certificate_becomes_a_factor() {
    let near = "networks: [192.168.1.0/30, 192.168.1.4/31, 192.168.1.6, 192.168.1.8/29";
    for (inside, expected) in [
        ("if ($near = 0) { return 403; }", near),
        ("if ($near != 1) { return 444; }", near),
        ("if ($nearby = no) { return 403; }", near),
        (
            &format!("auth_basic $ask; {FILE}"),
            "satisfy: any\n      networks: [10.0.0.0/8]\n      password: /e/.htpasswd",
        ),
        (
            &format!("if ($near = 0) {{ return 403; }} auth_basic Home; {FILE}"),
            "satisfy: all\n      networks: [192.168.1.0/30",
        ),
        (
            &format!("{OPTIONAL} auth_basic $shown; {FILE}"),
            "satisfy: any\n      password: /e/.htpasswd\n      client_certificate:",
        ),
        (
            &format!("{OPTIONAL} if ($bad) {{ return 403; }}"),
            "client_certificate: {ca: /c/ca.pem",
        ),
    ] {
        let written = yaml(&format!(
            "{MAPS}{}",
            home(&format!("{inside} location / {{ {HUB} }}"))
        ));
        assert!(written.contains(expected), "{inside}: {written}");
    }
}

#[test]
fn a_variable_that_no_rule_expresses_stops() {
    for inside in [
        "if ($near = 1) { rewrite ^ /x; return 403; }",
        "if ($near ~ 0) { return 403; }",
        "if ($odd = 0) { return 403; }",
        &format!("if ($near = 0) {{ return 403; }} auth_basic $ask; {FILE}"),
        &format!("auth_basic $ask; {FILE} allow 10.0.0.0/8; deny all;"),
        &format!("{OPTIONAL} auth_basic $shown; {FILE} allow 10.0.0.0/8; deny all;"),
        &format!("auth_basic $shown; {FILE}"),
        &format!("auth_basic $odd; {FILE}"),
        "if ($bad) { return 403; }",
    ] {
        let site = format!(
            "{MAPS}{}",
            home(&format!("{inside} location / {{ {HUB} }}"))
        );
        assert!(!stop(&site).is_empty(), "{inside}");
    }
}
