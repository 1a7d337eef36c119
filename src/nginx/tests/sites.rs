//! Servers, names, addresses, upstreams and settings of a site.

use super::{HOST, HUB, ImportError, PASSWORD, home, import_text, report, stop, yaml};

#[test]
fn a_site_on_http_stays_on_http_and_has_the_names_of_the_machine() {
    let written = yaml(&format!(
        "server {{ listen 80; server_name _; location / {{ {HUB} }} }}"
    ));
    let expected = "listen: {http: [\"0.0.0.0:80\"], https: []}\nsites:\n  # /e/sites-enabled/openhab:1\n  - hosts: [openhabian.local, localhost]\n    upstream: http://127.0.0.1:8080\n";
    assert!(written.contains(expected), "{written}");
}

#[test]
fn a_certificate_of_certbot_is_taken_over_with_its_redirect() {
    let certbot = "server { server_name home.example.org; location / { proxy_pass http://localhost:8080/; }\n \
        listen 443 ssl; ssl_certificate /etc/letsencrypt/live/home.example.org/fullchain.pem;\n \
        ssl_certificate_key /etc/letsencrypt/live/home.example.org/privkey.pem; }\n\
        server { if ($host = home.example.org) { return 301 https://$host$request_uri; }\n \
        listen 80; server_name home.example.org; return 404; }";
    let written = yaml(certbot);
    let listen = "listen: {http: [\"0.0.0.0:80\"], https: [\"0.0.0.0:443\"]}\n";
    assert!(written.starts_with(listen), "{written}");
    assert!(written.contains("certificate: acme"), "{written}");
    let wild = certbot.replace(
        "server_name home.example.org; location",
        "server_name *.example.org; location",
    );
    assert!(yaml(&wild).contains("chain: /etc/letsencrypt/live/home.example.org/fullchain.pem"));
}

#[test]
fn a_forward_proxy_is_never_imported() {
    let forward =
        "server { listen 8888; location / { proxy_pass http://$http_host$uri$is_args$args; } }\n";
    let report = report(&(home(&format!("location / {{ {HUB} }}")) + forward));
    assert!(
        report.contains("a forward proxy, by which every client"),
        "{report}"
    );
    assert!(matches!(
        import_text(forward),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn a_name_belongs_to_the_first_server_that_has_it() {
    let other = home("location / { proxy_pass http://127.0.0.1:9; }")
        .replace("home.example.org", "home.example.org .b.example.org");
    let written = yaml(&(home(&format!("location / {{ {HUB} }}")) + &other));
    assert!(written.contains("hosts: [home.example.org]"), "{written}");
    assert!(
        written.contains("hosts: [b.example.org, \"*.b.example.org\"]"),
        "{written}"
    );
}

#[test]
fn unsupported_names_are_dropped_and_reported() {
    let site = home(&format!("location / {{ {HUB} }}"))
        .replace("home.example.org", "home.example.org www.* ~^x$");
    assert!(yaml(&site).contains("hosts: [home.example.org]\n"));
    assert!(report(&site).contains("server_name www.*"));
}

#[test]
fn servers_on_different_addresses_stop_the_import() {
    let one = home(&format!("location / {{ {HUB} }}"));
    for listen in ["127.0.0.1:443 ssl", "8443 ssl", "443 ssl; listen 8443 ssl"] {
        let other = one.replace("home.", "other.").replace("443 ssl", listen);
        assert!(
            stop(&format!("{one}{other}")).contains("different addresses or ports"),
            "{listen}"
        );
    }
    let inside = format!(
        "server {{ listen 127.0.0.1:81; server_name a.example.org; location / {{ {HUB} }} }}"
    );
    assert!(stop(&format!("{one}{inside}")).contains("served on http only"));
}

#[test]
fn tls_on_an_address_holds_for_all_servers_there() {
    let site = home(&format!("location / {{ {HUB} }}"));
    let redirect = "server { listen 443; server_name a.example.org; \
                    return 301 https://home.example.org; }";
    let written = yaml(&(site.clone() + redirect));
    assert!(!written.contains("http: [\"[::]:443\"]"), "{written}");
    let beside = redirect.replace("listen 443", "listen 127.0.0.1:443");
    let text = stop(&(site + &beside));
    assert!(
        text.contains("on some addresses another server has the name"),
        "{text}"
    );
}

#[test]
fn upstream_blocks_sockets_and_fixed_variables_are_resolved() {
    let upstream = "upstream hub { server 10.0.0.5:8080 weight=2; server 10.0.0.6; server 10.0.0.7 down; keepalive 8; }\n";
    let site =
        upstream.to_owned() + &home(&format!("{HOST} location / {{ proxy_pass http://hub; }}"));
    assert!(
        yaml(&site).contains("servers: [http://10.0.0.5:8080, http://10.0.0.6:80]"),
        "{}",
        yaml(&site)
    );
    let socket = yaml(&home(&format!(
        "{HOST} location / {{ proxy_pass http://unix:/run/hub.sock:/; }}"
    )));
    assert!(
        socket.contains("upstream: \"unix:/run/hub.sock\""),
        "{socket}"
    );
    let fixed = yaml(&home(&format!(
        "set $hub 127.0.0.1; {HOST} location / {{ proxy_pass http://$hub:8080$request_uri; }}"
    )));
    assert!(
        fixed.contains("upstream: http://127.0.0.1:8080\n"),
        "{fixed}"
    );
    let tls = yaml(&home(
        "location / { proxy_pass https://10.0.0.5:8443; proxy_ssl_verify on; proxy_ssl_trusted_certificate /c/h.pem; }",
    ));
    assert!(
        tls.contains("servers: [https://10.0.0.5:8443]\n      ca: /c/h.pem"),
        "{tls}"
    );
}

#[test]
fn an_upstream_without_a_valid_address_is_reported_and_not_written() {
    for hub in ["127.0.0.1:http", "127.0.0.1:0", "a b", "10.0.0.5:8\u{0}"] {
        let site = home(&format!(
            "location / {{ {HUB} }} location /red/ {{ proxy_pass \"http://{hub}\"; }}"
        ));
        let written = yaml(&site);
        let closed = "- path: /red\n        access:\n          networks: [255.255.255.255]";
        assert!(written.contains(closed), "{hub}: {written}");
        assert!(report(&site).contains("a port from 1 to 65535"), "{hub}");
    }
}

#[test]
fn a_server_without_a_tcp_address_is_dropped() {
    let site = home(&format!("location / {{ {HUB} }}"));
    let socket = site
        .replace("443 ssl", "unix:/run/nginx.sock")
        .replace("home.", "socket.");
    let both = format!("{site}{socket}");
    assert!(
        !yaml(&both).contains("socket.example.org"),
        "{}",
        yaml(&both)
    );
    assert!(report(&both).contains("no client could connect"));
    assert!(matches!(
        import_text(&socket),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn an_upstream_at_a_path_is_kept_where_nginx_does_not_change_the_path() {
    let root = format!("{PASSWORD} location / {{ {HUB} }}");
    let kept = yaml(&home(&format!(
        "{root} location /red/ {{ proxy_pass http://127.0.0.1:1880; {HOST} }}"
    )));
    assert!(
        kept.ends_with("      - path: /red\n        upstream: http://127.0.0.1:1880\n"),
        "{kept}"
    );
    let changed = home(&format!(
        "{root} location /red/ {{ allow 10.0.0.0/8; deny all; proxy_pass http://127.0.0.1:1880/; }}"
    ));
    assert!(report(&changed).contains("give this hub a host of its own"));
    assert!(
        yaml(&changed).contains("- path: /red\n") || yaml(&changed).contains("- path: /red/\n")
    );
}

#[test]
fn the_root_is_closed_where_nginx_serves_files() {
    let written = yaml(&home(&format!("root /var/www; location /hub/ {{ {HUB} }}")));
    assert!(
        written.contains("- path: /\n        access:\n          networks: [255.255.255.255]"),
        "{written}"
    );
    assert!(written.contains("- path: /hub/\n"), "{written}");
}

#[test]
fn headers_limits_and_trusted_proxies_are_imported() {
    let written = yaml(&home(&format!(
        "add_header Strict-Transport-Security \"max-age=63072000; includeSubDomains\"; add_header X-Frame-Options SAMEORIGIN always;\n\
         add_header Access-Control-Allow-Origin *; client_max_body_size 100m; proxy_read_timeout 2h; access_log off;\n\
         set_real_ip_from 10.0.0.1; real_ip_header X-Forwarded-For; real_ip_recursive on; location / {{ {HUB} }}"
    )));
    for expected in [
        "trusted_proxies: [10.0.0.1]\n",
        "limits: {body: \"100MiB\", stream_idle: \"7200s\"}\n",
        "log: {access: \"off\"}\n",
        "    hsts: {max_age: 730d, include_subdomains: true}\n    headers:\n      X-Frame-Options: SAMEORIGIN\n",
    ] {
        assert!(written.contains(expected), "{expected}: {written}");
    }
}

#[test]
fn a_redirect_to_another_host_becomes_a_redirecting_site() {
    let elsewhere = home("location / { return 301 https://new.example.org$request_uri; }")
        .replace("home.", "old.");
    let site = home(&format!("location / {{ {HUB} }}")) + &elsewhere;
    assert!(
        report(&site).contains("`redirect` to https://new.example.org"),
        "{}",
        report(&site)
    );
}

#[test]
fn only_challenges_of_other_machines_become_public_over_tls() {
    let site = home(&format!("{PASSWORD} location / {{ {HUB} }}"));
    let clear = "server { listen 80; server_name home.example.org; proxy_set_header Host $host; location ^~ /.well-known/acme-challenge/ \
        { proxy_pass http://127.0.0.1:9; } location / { return 301 https://$host$request_uri; } }";
    let both = format!("{site}{clear}");
    let open = "- path: /.well-known/acme-challenge/\n        access: public\n        upstream: http://127.0.0.1:9\n";
    assert!(yaml(&both).contains(open), "{}", yaml(&both));
    for (written, other) in [
        (
            "{ proxy_pass http://127.0.0.1:9",
            "{ deny 10.0.0.1; proxy_pass http://127.0.0.1:9",
        ),
        (
            "{ proxy_pass http://127.0.0.1:9",
            "{ auth_request /x; proxy_pass http://127.0.0.1:9",
        ),
        ("listen 80;", "listen 127.0.0.1:80;"),
        ("listen 80;", "listen 80; if ($arg_x) { return 403; }"),
        ("acme-challenge/", "other/"),
        ("home.example.org", "other.example.org"),
    ] {
        let other = format!("{site}{}", clear.replace(written, other));
        assert!(!yaml(&other).contains("127.0.0.1:9"), "{}", yaml(&other));
    }
    let text = report(&both.replace("listen 80;", "listen 127.0.0.1:80;"));
    let dropped = &text[text.find("dropped").unwrap()..];
    assert!(
        dropped.contains("location ^~ /.well-known/acme-challenge/"),
        "{text}"
    );
    assert!(
        dropped.contains("upstream: \"http://127.0.0.1:9\""),
        "{text}"
    );
    let served = clear.replace("listen 80;", "listen 127.0.0.1:80;").replace(
        "return 301 https://$host$request_uri",
        HUB.trim_end_matches(';'),
    );
    let text = report(&format!("{site}{served}"));
    assert!(
        text[text.find("dropped").unwrap()..].contains("acme-challenge"),
        "{text}"
    );
}

#[test]
fn a_certificate_of_certbot_is_taken_over_only_where_acme_finds_it() {
    let site = |lineage: &str| {
        let live = format!("/etc/letsencrypt/live/{lineage}");
        home(&format!("location / {{ {HUB} }}"))
            .replace("/c/a.pem", &format!("{live}/fullchain.pem"))
            .replace("/c/a.key", &format!("{live}/privkey.pem"))
    };
    assert!(yaml(&site("home.example.org")).contains("certificate: acme"));
    for lineage in [
        "example.org",
        "home.example.org-0001",
        "other/home.example.org",
    ] {
        let chain = format!("chain: /etc/letsencrypt/live/{lineage}/fullchain.pem");
        assert!(yaml(&site(lineage)).contains(&chain), "{lineage}");
        assert!(
            report(&site(lineage)).contains("certbot can still renew it"),
            "{lineage}"
        );
    }
}

#[test]
fn the_upstream_receives_certificate_fields_where_nginx_sends_them() {
    let written = yaml(&home(&format!(
        "ssl_client_certificate /c/ca.pem; ssl_verify_client on; location / {{ {HUB} proxy_set_header X-Client-DN $ssl_client_s_dn; }}"
    )));
    assert!(
        written.contains("client_headers: x-ssl-client"),
        "{written}"
    );
}
