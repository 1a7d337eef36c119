//! Servers that only redirect to another origin, beside a site with a hub.

use super::*;

fn beside(server: &str) -> String {
    home(&format!("location / {{ {HUB} }}")) + server
}

/// Returns a server over TLS with these names and directives.
fn leading(names: &str, directives: &str) -> String {
    format!(
        "server {{ listen 443 ssl; server_name {names}; ssl_certificate /c; ssl_certificate_key /k; {directives} }}"
    )
}

#[test]
fn a_permanent_redirect_to_another_origin_becomes_a_site_with_redirect() {
    for directives in [
        "return 301 https://new.example.org$request_uri;",
        "return 308 https://new.example.org$request_uri;",
        "return 301 $scheme://new.example.org$request_uri;",
        "location / { return 301 https://new.example.org$request_uri; }",
        "location ^~ /.well-known/acme-challenge/ { root /var/www; } location / { return 301 https://new.example.org$request_uri; }",
        "rewrite ^ https://new.example.org$request_uri? permanent;",
        "rewrite ^/(.*)$ https://new.example.org/$1 permanent;",
        "auth_basic x; auth_basic_user_file /x; return 301 https://new.example.org$request_uri;",
    ] {
        let written = yaml(&beside(&leading("www.example.org", directives)));
        assert!(
            written.contains("hosts: [www.example.org]\n    certificate:\n      chain: /c\n      key: /k\n    redirect: https://new.example.org\n"),
            "{directives}: {written}"
        );
    }
}

#[test]
fn a_redirect_that_hubgate_would_change_is_dropped() {
    for directives in [
        "return 302 https://new.example.org$request_uri;",
        "return https://new.example.org$request_uri;",
        "return 301 https://new.example.org/;",
        "return 301 https://new.example.org/sub$request_uri;",
        "return 301 https://new.example.org$uri;",
        "return 301 https://$arg_x$request_uri;",
        "return 301 http://new.example.org$request_uri;",
        "if ($arg_x) { return 302 /y; } return 301 https://new.example.org$request_uri;",
        "location /a { return 404; } location / { return 301 https://new.example.org$request_uri; }",
        "rewrite ^ https://new.example.org$request_uri? redirect;",
        "rewrite ^/a https://new.example.org$request_uri? permanent;",
        "ssl_verify_client on; ssl_client_certificate /ca; return 301 https://new.example.org$request_uri;",
    ] {
        let site = beside(&leading("www.example.org", directives));
        assert!(
            !yaml(&site).contains("redirect:"),
            "{directives}: {}",
            yaml(&site)
        );
        let report = report(&site);
        let lost = report
            .split_once("\ndropped\n")
            .map_or("", |(_, lost)| lost);
        assert!(lost.contains("server"), "{directives}: {report}");
    }
}

#[test]
fn a_redirect_to_another_name_of_the_same_server_is_imported_too() {
    let clear = "server { listen 80; server_name home.example.org www.example.org; \
        return 301 https://home.example.org$request_uri; }";
    let written = yaml(&beside(clear));
    assert!(
        written.contains("hosts: [www.example.org]\n    certificate: self-signed\n    redirect: https://home.example.org\n"),
        "{written}"
    );
}

#[test]
fn a_loop_of_redirects_is_dropped() {
    let there = leading(
        "a.example.org",
        "return 301 https://b.example.org$request_uri;",
    );
    let back = leading(
        "b.example.org",
        "return 301 https://a.example.org$request_uri;",
    );
    let written = yaml(&(beside(&there) + &back));
    assert_eq!(written.matches("redirect:").count(), 1, "{written}");
    let every = leading("_", "return 301 https://new.example.org$request_uri;");
    assert!(!yaml(&beside(&every)).contains("redirect:"));
}
