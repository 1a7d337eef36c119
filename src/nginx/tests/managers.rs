//! Files of Nginx Proxy Manager and of SWAG.

use super::{Import, ImportError, ImportOptions, InMemory, import};

/// A host as the templates of the proxy manager have it.
const HOST: &str = "map $scheme $hsts_header { https \"max-age=63072000; preload\"; }\n\
    server {\n set $forward_scheme http;\n set $server \"192.168.1.5\";\n set $port 8080;\n\
    listen 80;\nlisten [::]:80;\nlisten 443 ssl;\nlisten [::]:443 ssl;\n server_name hub.example.org;\n http2 on;\n\
    include conf.d/include/letsencrypt-acme-challenge.conf;\n include conf.d/include/ssl-cache.conf;\n\
    ssl_certificate /etc/letsencrypt/live/npm-1/fullchain.pem;\n ssl_certificate_key /etc/letsencrypt/live/npm-1/privkey.pem;\n\
    add_header Strict-Transport-Security $hsts_header always;\n set $trust_forwarded_proto \"F\";\n\
    include conf.d/include/force-ssl.conf;\n access_log /data/logs/proxy-host-1_access.log proxy;\n\
    location /red/ {\n proxy_set_header Host $host;\n proxy_pass http://192.168.1.6:1880;\n ACCESS\n }\n\
    location / {\n ACCESS\n add_header Strict-Transport-Security $hsts_header always;\n\
    proxy_set_header Upgrade $http_upgrade;\n proxy_set_header Connection $http_connection;\n proxy_http_version 1.1;\n\
    include conf.d/include/proxy.conf;\n }\n include /data/nginx/custom/server_proxy[.]conf;\n}\n";
const ACCESS: &str = "auth_basic \"Authorization required\";\n auth_basic_user_file /data/access/1;\n\
    proxy_set_header Authorization \"\";\n allow 203.0.113.0/24;\n deny all;\n satisfy any;";

fn manager(host: &str, more: &[(&str, &str)], direct: bool) -> Result<Import, ImportError> {
    let files = [
        ("/npm/data/nginx/proxy_host/1.conf", host),
        ("/npm/data/access/1", ""),
        ("/npm/letsencrypt/live/npm-1/fullchain.pem", ""),
    ];
    let files = files.iter().chain(more);
    let files = InMemory(
        files
            .map(|(path, text)| (path.into(), (*text).to_owned()))
            .collect(),
    );
    let options = ImportOptions {
        direct,
        ..ImportOptions::default()
    };
    import(&files, &["/npm/data".into()], &options)
}

#[test]
fn a_host_of_the_proxy_manager_keeps_its_hub_certificate_and_access_list() {
    let import = manager(&HOST.replace("ACCESS", ACCESS), &[], false).unwrap();
    for expected in [
        "hosts: [hub.example.org]",
        "upstream: http://192.168.1.5:8080",
        "chain: /npm/letsencrypt/live/npm-1/fullchain.pem",
        "satisfy: any\n      networks: [203.0.113.0/24]\n      password: /npm/data/access/1",
        "- path: /red\n        upstream: http://192.168.1.6:1880",
        "hsts: {max_age: 730d, include_subdomains: false}",
        "body: \"2000MiB\"",
    ] {
        assert!(
            import.yaml.contains(expected),
            "{expected}: {}",
            import.yaml
        );
    }
    assert!(!import.yaml.contains("trusted_proxies"), "{}", import.yaml);
    let report = import.report.to_string();
    assert!(
        report.contains("/npm/data/nginx/proxy_host/1.conf:"),
        "{report}"
    );
    assert!(
        report.contains("within a container that is stopped"),
        "{report}"
    );
}

#[test]
fn an_access_list_with_networks_of_trusted_proxies_needs_the_option_direct() {
    let access = ACCESS.replace("203.0.113.0", "192.168.1.0");
    let host = HOST.replace("ACCESS", &access);
    let stopped = manager(&host, &[], false).unwrap_err().to_string();
    assert!(stopped.contains("`--direct` leaves this out"), "{stopped}");
    let import = manager(&host, &[], true).unwrap();
    assert!(
        import.yaml.contains("networks: [192.168.1.0/24]"),
        "{}",
        import.yaml
    );
}

#[test]
fn redirects_dead_hosts_and_streams_of_the_proxy_manager_are_reported() {
    let redirect = "server { listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl; server_name old.example.org; \
        ssl_certificate /c; ssl_certificate_key /k; location / { return 301 $scheme://new.example.org$request_uri; } }";
    let dead = "server { listen 80; listen [::]:80; server_name dead.example.org; location / { return 404; } }";
    let stream = "server { listen 1883 reuseport; proxy_pass 192.168.1.9:1883; }";
    let more = [
        ("/npm/data/nginx/redirection_host/1.conf", redirect),
        ("/npm/data/nginx/dead_host/1.conf", dead),
        ("/npm/data/nginx/stream/1.conf", stream),
    ];
    let report = manager(&HOST.replace("ACCESS", ""), &more, false)
        .unwrap()
        .report
        .to_string();
    let (kept, lost) = report.split_once("\ndropped\n").unwrap();
    assert!(kept.contains("dead_host/1.conf:1: server"), "{report}");
    assert!(
        kept.contains("`redirect` to https://new.example.org"),
        "{report}"
    );
    assert!(
        lost.contains("a stream from 1883 to 192.168.1.9:1883"),
        "{report}"
    );
}

#[test]
fn a_filter_of_queries_stops_and_names_the_switch_of_the_proxy_manager() {
    let host = HOST.replace("http2 on;", "include conf.d/include/block-exploits.conf;");
    let stopped = manager(&host.replace("ACCESS", ""), &[], false)
        .unwrap_err()
        .to_string();
    assert!(
        stopped.contains("/npm/data/nginx/proxy_host/1.conf:11: ")
            && stopped.contains("\"Block Common Exploits\""),
        "{stopped}"
    );
}

/// A sample of SWAG.
const SAMPLE: &str = "server {\n listen 443 ssl;\n listen [::]:443 ssl;\n server_name radarr.*;\n\
    include /config/nginx/ssl.conf;\n client_max_body_size 0;\n location / {\n include /config/nginx/proxy.conf;\n\
    include /config/nginx/resolver.conf;\n set $upstream_app radarr;\n set $upstream_port 7878;\n set $upstream_proto http;\n\
    proxy_pass $upstream_proto://$upstream_app:$upstream_port;\n }\n\
    location ~ (/radarr)?/api {\n include /config/nginx/proxy.conf;\n set $upstream_app radarr;\n set $upstream_port 7878;\n\
    set $upstream_proto http;\n proxy_pass $upstream_proto://$upstream_app:$upstream_port;\n }\n}\n";

fn swag(domain: Option<&str>) -> Result<Import, ImportError> {
    let files = [
        ("/srv/swag/nginx/proxy-confs/radarr.subdomain.conf", SAMPLE),
        (
            "/srv/swag/nginx/ssl.conf",
            "ssl_certificate /config/keys/cert.crt; ssl_certificate_key /config/keys/cert.key; ssl_session_timeout 1d;",
        ),
        (
            "/srv/swag/nginx/proxy.conf",
            "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_redirect http:// $scheme://;",
        ),
        (
            "/srv/swag/nginx/resolver.conf",
            "resolver 127.0.0.11 valid=30s;",
        ),
    ];
    let files = InMemory(
        files
            .iter()
            .map(|(path, text)| (path.into(), (*text).to_owned()))
            .collect(),
    );
    let options = ImportOptions {
        domain: domain.map(str::to_owned),
        ..ImportOptions::default()
    };
    import(
        &files,
        &["/srv/swag/nginx/proxy-confs/radarr.subdomain.conf".into()],
        &options,
    )
}

#[test]
fn a_sample_of_swags_is_imported_for_a_domain() {
    let yaml = swag(Some("Example.org")).unwrap().yaml;
    for expected in [
        "hosts: [radarr.example.org]",
        "upstream: http://radarr:7878",
        "chain: /srv/swag/keys/cert.crt",
        "body: \"off\"",
    ] {
        assert!(yaml.contains(expected), "{expected}: {yaml}");
    }
    let Err(ImportError::NoUpstream(report)) = swag(None) else {
        panic!("imported without a domain");
    };
    assert!(
        report
            .to_string()
            .contains("`--domain example.org` sets the end for `*`")
    );
}
