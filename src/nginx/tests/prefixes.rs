//! Locations that end within a segment.

use super::{HOST, HUB, home, yaml};

/// Returns the access block of the site and its paths.
fn access(inside: &str) -> String {
    let yaml = yaml(&home(inside));
    let begin = yaml.find("    access:").unwrap();
    yaml[begin..].to_owned()
}

#[test]
fn a_location_without_a_slash_matches_all_paths_that_begin_with_it() {
    let guarded = access(&format!(
        "location / {{ {HUB} }} location /admin {{ deny all; }}"
    ));
    let expected = "      - path: /admin\n        prefix: true                     # all paths that begin with it, as in NGINX\n        \
        access:\n          networks: [255.255.255.255]";
    assert!(guarded.contains(expected), "{guarded}");
    let exact = access(&format!(
        "location / {{ {HUB} }} location /admin {{ deny all; }} location = /admin {{ {HUB} allow 10.0.0.0/8; deny all; }}"
    ));
    for path in [
        "path: /admin\n        access:",
        "path: /admin/\n",
        "path: /admin\n        prefix: true",
    ] {
        assert!(exact.contains(path), "{path}: {exact}");
    }
    let slash = access(&format!(
        "location / {{ {HUB} }} location /admin/ {{ deny all; }} location = /admin {{ deny all; }}"
    ));
    assert!(!slash.contains("prefix"), "{slash}");
}

#[test]
fn a_location_that_adds_a_slash_has_the_upstream_of_that_path() {
    for begin in ["", "= "] {
        let written = access(&format!(
            "location / {{ {HUB} }} location {begin}/books {{ return 301 $scheme://$host/books/; }} \
             location ^~ /books/ {{ proxy_pass http://127.0.0.1:8081; {HOST} }}"
        ));
        let hub = "      - path: /books\n        upstream: http://127.0.0.1:8081\n";
        assert!(written.contains(hub), "{written}");
        let closed = "- path: /books\n        prefix: true                     # all paths that begin with it, as in NGINX\n        access:";
        assert_eq!(written.contains(closed), begin.is_empty(), "{written}");
    }
    let elsewhere = access(&format!(
        "location / {{ {HUB} }} location /books {{ return 301 /other/; }} location /books/ {{ proxy_pass http://127.0.0.1:8081; {HOST} }}"
    ));
    assert!(
        elsewhere.contains("- path: /books/\n        access:\n")
            || elsewhere.contains("- path: /books/\n        upstream:"),
        "{elsewhere}"
    );
    assert!(
        !elsewhere.contains("- path: /books\n        upstream"),
        "{elsewhere}"
    );
}
