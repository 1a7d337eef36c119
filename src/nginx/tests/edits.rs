//! Request fields that upstreams receive from NGINX: `upstream.host`, `upstream.headers`,
//! `user_header`.

use super::{
    HOST, HUB, Import, ImportOptions, InMemory, PASSWORD, home, import, report, stop, yaml,
};

const PASS: &str = "proxy_pass http://127.0.0.1:8080;";

/// Returns a site with an upstream that receives these fields.
fn hub(fields: &str) -> String {
    home(&format!("location / {{ {PASS}\n {fields} }}"))
}

/// Returns the upstream of the site.
fn upstream(fields: &str) -> String {
    let yaml = yaml(&hub(fields));
    let begin = yaml.find("    upstream:").unwrap();
    let end = yaml.find("    access:").unwrap();
    yaml[begin..end].to_owned()
}

#[test]
fn a_literal_host_is_sent_to_the_upstream() {
    for (written, host) in [
        ("192.0.2.1", "192.0.2.1"),
        ("router.lan:8080", "\"router.lan:8080\""),
        ("$proxy_host", "\"127.0.0.1:8080\""),
    ] {
        let expected =
            format!("    upstream:\n      servers: [http://127.0.0.1:8080]\n      host: {host}\n");
        let fields = format!("proxy_set_header Host {written};");
        assert_eq!(upstream(&fields), expected, "{written}");
        assert!(report(&hub(&fields)).contains("`host` of `upstream`"));
    }
    for own in [
        "$host",
        "$http_host",
        "$host:$server_port",
        "home.example.org",
    ] {
        let fields = format!("proxy_set_header Host {own};");
        assert!(!upstream(&fields).contains("host:"), "{own}");
    }
    for unclear in ["$arg_x", "''", "$hostname", "'a b'", "*.lan"] {
        let message = stop(&hub(&format!("proxy_set_header Host {unclear};")));
        assert!(
            message.contains(":7: ") && message.contains("write `$host`"),
            "{message}"
        );
    }
}

#[test]
fn the_first_of_several_names_is_the_value_of_server_name() {
    let site = hub("proxy_set_header Host $server_name;");
    assert!(!yaml(&site).contains("host:"));
    let two = site.replace("home.example.org", "a.example.org b.example.org");
    assert!(
        yaml(&two).contains("      host: a.example.org\n"),
        "{}",
        yaml(&two)
    );
    let wild = site.replace("home.example.org", "*.example.org");
    assert!(stop(&wild).contains("write `$host`"));
}

#[test]
fn the_address_in_proxy_pass_is_the_default_host() {
    assert!(upstream("").contains("      host: \"127.0.0.1:8080\"\n"));
    let of = |pass: &str| yaml(&hub("").replace(PASS, &format!("proxy_pass {pass};")));
    assert!(of("http://router.lan:80").contains("      host: router.lan\n"));
    assert!(of("https://router.lan").contains("      host: router.lan\n"));
    assert!(of("http://unix:/run/hub.sock").contains("      host: localhost\n"));
    let pool = format!(
        "upstream pool {{ server 10.0.0.1; }}\n{}",
        hub("").replace(PASS, "proxy_pass http://pool;")
    );
    assert!(yaml(&pool).contains("      host: pool\n"));
}

#[test]
fn a_field_is_set_or_removed_as_nginx_does() {
    let fields = format!(
        "{HOST} proxy_set_header X-Role guest; proxy_set_header Origin ''; proxy_set_header Cookie ''; \
         proxy_set_header X-Authenticated-User ''; set $where attic; proxy_set_header X-Where $where; \
         proxy_set_header X-Site $host; proxy_set_header X-Scheme $scheme;"
    );
    let expected = "    upstream:\n      servers: [http://127.0.0.1:8080]\n      headers:\n        \
        Cookie: null\n        Origin: null\n        X-Authenticated-User: null\n        X-Role: guest\n        \
        X-Scheme: https\n        X-Site: home.example.org\n        X-Where: attic\n";
    assert_eq!(upstream(&fields), expected);
    let kept = report(&hub(&fields));
    let kept = kept.split("\nchanged").next().unwrap();
    assert!(
        !kept.contains("X-Role") && !kept.contains("Origin"),
        "{kept}"
    );
}

#[test]
fn a_field_that_depends_on_the_request_stops_unless_the_client_may_write_it() {
    for field in [
        "X-Role $arg_role",
        "X-Host $http_host",
        "X-Id $request_id",
        "X-A 'b$arg_c'",
    ] {
        let message = stop(&hub(&format!("{HOST} proxy_set_header {field};")));
        assert!(
            message.contains(":7: the hub receives `"),
            "{field}: {message}"
        );
    }
    let twice = format!("{HOST} proxy_set_header X-A a; proxy_set_header x-a b;");
    assert!(stop(&hub(&twice)).contains("NGINX sends this field twice"));
    let other = format!("{HOST} proxy_set_header Host router.lan;");
    assert!(stop(&hub(&other)).contains("NGINX sends this field twice"));
    let address = format!("{HOST} proxy_set_header Host 127.0.0.1:8080;");
    assert!(upstream(&address).contains("      host: \"127.0.0.1:8080\"\n"));
}

#[test]
fn fields_about_the_form_of_a_response_stay_the_clients() {
    let fields =
        format!("{HOST} proxy_set_header Accept-Encoding ''; proxy_set_header Authorization '';");
    assert_eq!(upstream(&fields), "    upstream: http://127.0.0.1:8080\n");
    assert!(report(&hub(&fields)).contains("forwards the credentials that the hub verifies"));
}

fn imported(text: &str) -> Import {
    let files = InMemory([("/e/sites-enabled/openhab".into(), text.to_owned())].into());
    let options = ImportOptions {
        out: Some("/etc/hubgate/proxy.yaml".into()),
        ..ImportOptions::default()
    };
    import(&files, &["/e/sites-enabled/openhab".into()], &options).unwrap()
}

#[test]
fn a_secret_is_written_to_a_private_file_and_hidden_elsewhere() {
    for (field, name) in [
        ("Authorization 'Basic S3CRET=='", "authorization"),
        ("X-Api-Key S3CRET==", "x-api-key"),
        ("Cookie S3CRET==", "cookie"),
        ("X-Thing 'Bearer S3CRET=='", "x-thing"),
        ("X-Thing $key", "x-thing"),
        ("Authorization $plain", "authorization"),
    ] {
        let constants = "set $key S3CRET==; set $plain S3CRET==;";
        let made = imported(&hub(&format!(
            "{constants} {HOST} proxy_set_header {field};"
        )));
        let file = format!("secrets/home.example.org-{name}");
        let entry = format!("{{file: {file}}}\n");
        assert!(made.yaml.contains(&entry), "{}", made.yaml);
        let report = made.report.to_string();
        assert!(
            report.contains(&format!("in the private file {file}")),
            "{report}"
        );
        assert!(
            !made.yaml.contains("S3CRET") && !report.contains("S3CRET"),
            "{report}"
        );
        assert!(!format!("{:?}", made.secrets).contains("S3CRET"));
        let [secret] = made.secrets.as_slice() else {
            panic!("{:?}", made.secrets);
        };
        assert!(secret.value.ends_with("S3CRET=="), "{field}");
    }
}

#[test]
fn locations_with_other_fields_have_upstreams_of_their_own() {
    let secret = "proxy_set_header Authorization 'Basic S3CRET';";
    let site = home(&format!(
        "location / {{ {HUB} }} location /cam/ {{ {PASS} {HOST} {secret} }}"
    ));
    let made = imported(&site).yaml;
    let expected = "      - path: /cam\n        upstream:\n          servers: [http://127.0.0.1:8080]\n          \
        headers:\n            Authorization: {file: secrets/home.example.org-authorization}\n";
    assert!(made.contains(expected), "{made}");
}

#[test]
fn a_secret_of_a_prefix_beside_an_exact_location_has_its_file() {
    let secret = "proxy_set_header Authorization 'Basic S3CRET';";
    let site = home(&format!(
        "location / {{ {HUB} }} location = /cam {{ {HUB} }} location /cam {{ {PASS} {HOST} {secret} }}"
    ));
    let made = imported(&site);
    let file = "Authorization: {file: secrets/home.example.org-authorization}";
    assert!(made.yaml.contains(file), "{}", made.yaml);
    assert!(made.report.to_string().contains("in the private file"));
}

#[test]
fn an_expression_that_lacks_a_field_of_the_path_around_it_stops() {
    let secret = "proxy_set_header Authorization 'Basic S3CRET';";
    let expression = |root: &str, inner: &str| {
        home(&format!(
            "location / {{ {PASS} {HOST} {root} }} location ~ \\.jpg$ {{ {PASS} {HOST} {inner} }}"
        ))
    };
    for (root, inner) in [
        (secret, ""),
        ("", "proxy_set_header X-Role guest;"),
        (
            "proxy_set_header X-Role admin;",
            "proxy_set_header X-Role guest;",
        ),
    ] {
        let message = stop(&expression(root, inner));
        assert!(
            message.contains("hubgate has no regular expressions") && !message.contains("S3CRET"),
            "{message}"
        );
    }
    let lost = report(&expression("", secret));
    assert!(lost.contains("the fields of the path around it"), "{lost}");
    let host = expression("", "").replacen(HOST, "proxy_set_header Host router.lan;", 1);
    assert!(stop(&host).contains("hubgate has no regular expressions"));
}

#[test]
fn the_users_name_is_sent_where_only_a_password_proves_it() {
    let user = format!("{HOST} proxy_set_header X-User $remote_user;");
    let named = yaml(&hub(&format!("{PASSWORD} {user}")));
    assert!(named.contains("    user_header: X-User\n"), "{named}");
    let either = format!("satisfy any; allow 10.0.0.0/8; deny all; {PASSWORD}");
    assert!(yaml(&hub(&format!("{either} {user}"))).contains("    user_header: X-User\n"));
    let text = report(&hub(&format!("{either} {user}")));
    assert!(
        text.contains("where NGINX sends any claimed name"),
        "{text}"
    );
    let claimed = user.replace("X-User", "Remote-User");
    assert!(
        yaml(&hub(&format!("{PASSWORD} {claimed}"))).contains("    user_header: Remote-User\n")
    );
    let devices = "ssl_client_certificate /c; ssl_verify_client optional;";
    let map = "map $ssl_client_verify $ask { default x; SUCCESS off; }\n";
    let certificate = hub(&format!("auth_basic $ask; auth_basic_user_file /p; {user}"));
    let certificate = map.to_owned() + &certificate.replace("listen", &format!("{devices} listen"));
    for unclear in [hub(&user), certificate] {
        let message = stop(&unclear);
        assert!(message.contains("the hub trusts `X-User`"), "{message}");
    }
    assert!(!yaml(&hub(&claimed)).contains("user_header"));
}

#[test]
fn the_users_name_is_sent_to_all_upstreams_of_a_site_or_to_none() {
    let user = format!("{HOST} proxy_set_header X-User $remote_user;");
    let site = |other: &str| {
        home(&format!(
            "{PASSWORD} location / {{ {PASS} {user} }} location /red/ {{ proxy_pass http://127.0.0.1:1880; {other} }}"
        ))
    };
    assert!(yaml(&site(&user)).contains("    user_header: X-User\n"));
    assert!(stop(&site(HOST)).contains("write it at each location"));
    assert!(stop(&site(&user.replace("X-User", "X-Login"))).contains("write it at each location"));
    let both = format!("{user} proxy_set_header X-Remote-User $remote_user;");
    for fields in [&both, &both.replacen("X-User", "X-Login", 1)] {
        let message = stop(&hub(&format!("{PASSWORD} {fields}")));
        assert!(message.contains("the only such field"), "{message}");
    }
}

#[test]
fn an_upstream_is_openhab_where_nginx_sets_its_cookie() {
    let cookie = "add_header Set-Cookie X-OPENHAB-AUTH-HEADER=1;";
    let site = home(&format!(
        "location / {{ {HUB} {cookie} }} location /rest/ {{ {HUB} allow 10.0.0.0/8; deny all; }}"
    ));
    let made = yaml(&site);
    let expected =
        "    upstream:\n      servers: [http://127.0.0.1:8080]\n      kind: openhab\n    access";
    assert!(made.contains(expected), "{made}");
    assert_eq!(made.matches("kind: openhab").count(), 1, "{made}");
    assert!(!yaml(&hub(HOST)).contains("kind:"));
}
