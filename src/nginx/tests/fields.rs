//! Request fields and response headers.

use super::{HUB, PASSWORD, home, report, yaml};

#[test]
fn an_origin_that_nginx_allows_is_listed() {
    let with = |headers: &str, rule: &str| {
        home(&format!(
            "{headers} {rule} location / {{ {HUB} location /a/ {{ {HUB} add_header Access-Control-Allow-Origin https://b.test; }} }}"
        ))
    };
    let exact = "add_header Access-Control-Allow-Methods GET; add_header Access-Control-Allow-Origin https://panel.example.org always;";
    let written = yaml(&with(exact, PASSWORD));
    let expected =
        "    access:\n      password: /e/.htpasswd\n      origins: [https://panel.example.org]\n";
    assert!(
        written.contains(expected) && !written.contains("headers:"),
        "{written}"
    );
    let open = yaml(&with(exact, ""));
    assert!(
        open.contains("Access-Control-Allow-Origin: https://panel.example.org"),
        "{open}"
    );
    for wrong in [
        "*",
        "$http_origin",
        "null",
        "https://panel.example.org/",
        "'https://a.test https://b.test'",
    ] {
        let site = with(
            &format!("add_header Access-Control-Allow-Origin {wrong};"),
            PASSWORD,
        );
        assert!(
            !yaml(&site).contains("origins") && !yaml(&site).contains("headers:"),
            "{wrong}"
        );
        assert!(report(&site).contains("no exact origin"), "{wrong}");
        assert!(
            report(&site).contains("write `origins` into `access` of this path"),
            "{wrong}"
        );
    }
}

#[test]
fn a_field_is_kept_only_where_the_upstream_receives_the_same() {
    let text = report(&home(&format!(
        "location / {{ {HUB} proxy_set_header Accept-Encoding ''; proxy_set_header X-Remote-User $remote_user; \
         proxy_set_header Authorization 'Basic S3CRET'; proxy_set_header X-Forwarded-Proto http; \
         proxy_set_header X-Real-IP $remote_addr; proxy_set_header Upgrade $http_upgrade; \
         proxy_set_header Sec-WebSocket-Protocol mqtt; }}"
    )));
    let (kept, rest) = text.split_once("changed\n").unwrap();
    for name in [
        "Accept-Encoding",
        "X-Remote-User",
        "Authorization",
        "X-Forwarded-Proto",
        "Sec-WebSocket-Protocol",
    ] {
        assert!(
            !kept.contains(name) && rest.contains(name),
            "{name}: {text}"
        );
    }
    assert!(
        kept.contains("X-Real-IP") && kept.contains("Upgrade"),
        "{text}"
    );
    assert!(!text.contains("S3CRET"), "{text}");
}
