//! Configurations that an import must not weaken: each stops, or stays as strict as it was.

use super::{HOST, HUB, ImportError, PASSWORD, home, import_text, report, stop, yaml};

/// Returns the site of `home` with an upstream and these directives in `location /`.
fn hub(inside: &str) -> String {
    home(&format!("location / {{ {HUB}\n {inside} }}"))
}

#[test]
fn hubgate_listens_on_the_ip_versions_of_nginx_only() {
    let listens = |listen: &str| {
        let site = home(&format!("location / {{ {HUB} }}")).replace("listen 443 ssl", listen);
        yaml(&site).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        listens("listen 443 ssl"),
        "listen: {http: [], https: [\"0.0.0.0:443\"]}"
    );
    assert_eq!(
        listens("listen 443 ssl; listen [::]:443 ssl"),
        "listen: {http: [], https: [\"[::]:443\"]}"
    );
    assert_eq!(
        listens("listen [::]:443 ssl ipv6only=off"),
        "listen: {http: [], https: [\"[::]:443\"]}"
    );
    assert_eq!(
        listens("listen 192.168.1.5:443 ssl"),
        "listen: {http: [], https: [\"192.168.1.5:443\"]}"
    );
    let only = hub("").replace("listen 443 ssl", "listen [::]:443 ssl");
    assert!(stop(&only).contains("NGINX accepts IPv6 only here"));
}

#[test]
fn a_list_for_ipv6_alone_stops_where_a_socket_accepts_both_versions() {
    let only = hub("deny ::/0;");
    let dual = only.replace("listen 443 ssl", "listen [::]:443 ssl ipv6only=off");
    assert!(stop(&dual).contains("add a rule for IPv4"));
    assert!(import_text(&dual.replace("deny ::/0", "allow ::1; deny all")).is_ok());
    assert!(import_text(&only).is_ok());
}

#[test]
fn a_name_belongs_to_the_server_that_nginx_chooses() {
    let guarded = home(&format!("{PASSWORD} location / {{ {HUB} }}"));
    for (catching, taken) in [("_", "openhabian.local"), ("openhabian.*", "localhost")] {
        let open = hub("")
            .replace("home.example.org", catching)
            .replace("127.0.0.1:8080", "127.0.0.1:9");
        let named = guarded.replace("home.example.org", taken);
        let written = yaml(&(open + &named));
        let site = written.find(&format!("hosts: [{taken}]")).unwrap();
        assert!(
            written[site..].contains("password: /e/.htpasswd"),
            "{written}"
        );
    }
    let expression = hub("").replace("home.example.org", "~^open");
    let catching = hub("")
        .replace("home.example.org", "_")
        .replace("443 ssl", "443 ssl default_server");
    assert!(matches!(
        import_text(&(expression + &catching)),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn a_wildcard_that_nginx_ignores_beside_its_name_is_dropped() {
    let site = hub("").replace("home.example.org", "home.example.org .home.example.org");
    assert!(
        yaml(&site).contains("hosts: [home.example.org]\n"),
        "{}",
        yaml(&site)
    );
    let wild = site.replace("server_name home.", "server_name *.home.");
    assert!(matches!(
        import_text(&wild),
        Err(ImportError::NoUpstream(_))
    ));
    let other = hub("").replace("home.example.org", ".home.example.org");
    let both = format!("{}{other}", hub(""));
    assert!(matches!(
        import_text(&both),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn a_wildcard_does_not_take_over_the_name_of_a_server_without_an_upstream() {
    let wild = hub("").replace("home.example.org", "*.example.org");
    let dead = home("return 403;").replace("home.", "dead.");
    assert!(stop(&format!("{wild}{dead}")).contains("NGINX responds to dead.example.org here"));
    let other = hub("").replace("home.", "dead.");
    assert!(yaml(&format!("{wild}{other}")).contains("hosts: [dead.example.org]"));
}

#[test]
fn a_server_on_a_narrower_address_stops_the_import() {
    let narrow = home("return 403;").replace("listen 443", "listen 192.168.1.5:443");
    assert!(stop(&format!("{}{narrow}", hub(""))).contains("on some addresses another server"));
}

#[test]
fn a_site_on_http_is_not_served_over_tls() {
    let clear =
        format!("server {{ listen 80; server_name clear.example.org; location / {{ {HUB} }} }}");
    assert!(
        stop(&format!("{}{clear}", hub(""))).contains("clear.example.org is served on http only")
    );
    let same = clear.replace("clear.example", "home.example");
    assert!(yaml(&format!("{}{same}", hub(""))).contains("hosts: [home.example.org]"));
}

#[test]
fn a_rewrite_before_an_upstream_stops() {
    for rewrite in [
        "rewrite ^ /static/down.html break;",
        "rewrite ^/a /b last;",
        "rewrite ^ /b redirect;",
        "rewrite ^ https://other.example.org permanent;",
        "break;",
        "set $args a=b;",
        "try_files $uri @hub;",
    ] {
        assert!(
            stop(&hub(rewrite)).contains("/e/sites-enabled/openhab:7: "),
            "{rewrite}"
        );
    }
}

#[test]
fn files_before_an_upstream_stop() {
    let inside =
        format!("location / {{ root /srv;\n try_files $uri @hub; }} location @hub {{ {HUB} }}");
    assert!(stop(&home(&inside)).contains("/e/sites-enabled/openhab:7: NGINX serves a file here"));
}

#[test]
fn a_location_that_nginx_never_forwards_is_closed() {
    for inside in [
        "return 403 \"no\";",
        "return 404;",
        "return 444;",
        "return 204;",
        "return 301 /other/;",
        "root /var/www;",
        "fastcgi_pass 127.0.0.1:9000;",
        "proxy_pass http://$host;",
        "proxy_pass http://127.0.0.1:3000/;",
        "proxy_pass http://127.0.0.1:8080$uri$is_args$args;",
        "internal; proxy_pass http://127.0.0.1:8080;",
        "proxy_pass http://127.0.0.1:8080; return 503;",
    ] {
        let written = yaml(&home(&format!(
            "location / {{ {HUB} }} location /x/ {{ {inside} }}"
        )));
        let closed = written.replace("path: /x\n", "path: /x/\n");
        let expected = "- path: /x/\n        access:\n          networks: [255.255.255.255]";
        assert!(closed.contains(expected), "{inside}: {written}");
    }
    let nested =
        format!("location / {{ {HUB} }} location /x/ {{ internal; location /x/y/ {{ {HUB} }} }}");
    assert!(!yaml(&home(&nested)).contains("/x/y/"));
}

#[test]
fn a_content_handler_in_a_location_with_an_upstream_stops() {
    for handler in [
        "fastcgi_pass 127.0.0.1:9;",
        "stub_status;",
        "content_by_lua_file /x;",
        "echo hi;",
    ] {
        assert!(
            stop(&hub(handler)).contains("responds instead of the hub"),
            "{handler}"
        );
    }
}

#[test]
fn an_expression_with_another_upstream_stops() {
    let inside =
        format!("location / {{ {HUB} }} location ~ \\.cgi$ {{ proxy_pass http://127.0.0.1:9; }}");
    assert!(stop(&home(&inside)).contains("hubgate has no regular expressions"));
}

#[test]
fn a_nested_location_decides_only_within_the_chosen_one() {
    let inside = format!(
        "{PASSWORD} location / {{ {HUB} location /a/b/ {{ auth_basic off; {HUB} }} }} location /a/ {{ {HUB} deny all; }}"
    );
    assert!(stop(&home(&inside)).contains("protects /a/b"));
}

#[test]
fn a_field_that_only_nginx_sets_stops_unless_hubgate_removes_it() {
    for field in [
        "X-User $remote_user",
        "X-Role $arg_role",
        "X-Forwarded $remote_addr",
    ] {
        assert!(
            stop(&hub(&format!("proxy_set_header {field};"))).contains(":7: "),
            "{field}"
        );
    }
    for field in [
        "X-Remote-User $remote_user",
        "Accept-Encoding ''",
        "X-A $http_x_a",
        "Authorization ''",
    ] {
        assert!(
            import_text(&hub(&format!("proxy_set_header {field};"))).is_ok(),
            "{field}"
        );
    }
}

#[test]
fn a_directive_that_changes_the_request_stops() {
    for directive in [
        "proxy_pass_request_headers off;",
        "proxy_pass_request_body off;",
        "proxy_set_body x;",
        "proxy_method GET;",
        "merge_slashes off;",
    ] {
        assert!(stop(&hub(directive)).contains(":7: "), "{directive}");
    }
}

#[test]
fn the_clients_address_is_the_same_as_in_nginx_or_the_import_stops() {
    let with = |real_ip: &str| {
        hub(&format!(
            "set_real_ip_from 10.0.0.1; {real_ip} allow 192.168.0.0/16; deny all;"
        ))
    };
    let right = "real_ip_header X-Forwarded-For; real_ip_recursive on;";
    assert!(yaml(&with(right)).contains("trusted_proxies: [10.0.0.1]"));
    for wrong in [
        "real_ip_header X-Forwarded-For;",
        "real_ip_header X-Forwarded-For; real_ip_recursive off;",
        "real_ip_header proxy_protocol; real_ip_recursive on;",
        "real_ip_recursive on;",
        "set_real_ip_from proxy.example.org; real_ip_header X-Forwarded-For; real_ip_recursive on;",
    ] {
        assert!(
            stop(&with(wrong)).contains("/e/sites-enabled/openhab:7: "),
            "{wrong}"
        );
    }
    let unknown = "real_ip_header CF-Connecting-IP;";
    assert!(stop(&with(unknown)).contains("does not read the client's address in this way"));
    let password = format!("set_real_ip_from 10.0.0.1; {unknown} {PASSWORD}");
    assert!(!yaml(&hub(&password)).contains("trusted_proxies"));
    for (networks, stops) in [("192.168.0.0/16", false), ("10.0.0.0/8", true)] {
        let either = format!("{password} satisfy any; allow {networks}; deny all;");
        assert_eq!(import_text(&hub(&either)).is_err(), stops, "{networks}");
    }
    let announced = hub("").replace("443 ssl", "443 ssl proxy_protocol");
    assert!(stop(&announced).contains("PROXY header"));
}

#[test]
fn a_condition_that_decides_about_requests_stops() {
    for condition in [
        "if ($request_method = OPTIONS) { return 403; }",
        "if ($request_method = OPTIONS) { add_header A b; return 204; }",
        "if ($host = home.example.org) { return 301 https://elsewhere.example.org; }",
        "if ($http_host != home.example.org) { return 403; }",
        "if ($arg_x) { proxy_set_header X-User $arg_x; }",
        "if ($arg_x) { set $args y; }",
        "if ($scheme = https) { return 301 https://elsewhere.example.org; }",
    ] {
        assert!(
            stop(&hub(condition)).contains("hubgate has no `if`"),
            "{condition}"
        );
    }
    for condition in [
        "if ($scheme = http) { return 301 https://$host$request_uri; }",
        "if ($arg_x) { add_header X-A b; set $x 1; }",
    ] {
        assert!(import_text(&hub(condition)).is_ok(), "{condition}");
    }
}

#[test]
fn a_redirect_to_https_of_one_location_stops_where_the_site_is_on_http() {
    let redirect = "if ($scheme = http) { return 301 https://$host$request_uri; }";
    let site = format!(
        "server {{ listen 80; server_name a.test; location / {{ {HUB} }}\n location /a/ {{ {HUB} {redirect} }} }}"
    );
    assert!(stop(&site).contains(":2: hubgate has no `if`"));
}

#[test]
fn an_upstream_that_a_condition_chooses_is_not_imported() {
    let inside = "set $hub 127.0.0.1:8080; if ($arg_x) { set $hub 127.0.0.1:9; } location / { proxy_pass http://$hub; }";
    assert!(matches!(
        import_text(&home(inside)),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn switches_are_read_in_any_case() {
    let rejects = home(&format!("ssl_reject_handshake ON; location / {{ {HUB} }}"));
    assert!(matches!(
        import_text(&rejects),
        Err(ImportError::NoUpstream(_))
    ));
    let any = yaml(&hub(&format!(
        "satisfy ANY; allow 10.0.0.0/8; deny all; {PASSWORD}"
    )));
    assert!(any.contains("satisfy: any"), "{any}");
    for wrong in ["merge_slashes OFF;", "proxy_pass_request_headers Off;"] {
        assert!(stop(&hub(wrong)).contains(":7: "), "{wrong}");
    }
    assert!(import_text(&hub("merge_slashes ON;")).is_ok());
}

#[test]
fn a_condition_on_preflights_stops_with_the_correction() {
    let message = stop(&hub("if ($request_method = OPTIONS) { return 204; }"));
    assert!(message.contains("`access.origins`"), "{message}");
}

#[test]
fn a_directive_of_an_unknown_module_stops_wherever_an_upstream_inherits_it() {
    for directive in [
        "lua_package_path x;",
        "shib_request on;",
        "testcookie on;",
        "wasm_call x;",
        "js_import x;",
    ] {
        for site in [
            hub(directive),
            home(&format!("{directive} location / {{ {HUB} }}")),
            format!("{directive}\n{}", hub("")),
            home(&format!(
                "location /a/ {{ {directive} location /a/b/ {{ {HUB} }} }}"
            )),
        ] {
            assert!(stop(&site).contains("may decide about access"), "{site}");
        }
    }
    assert!(
        stop(&format!(
            "load_module modules/ngx_http_strange_module.so;\n{}",
            hub("")
        ))
        .contains("does not know")
    );
    assert!(
        import_text(&format!(
            "load_module modules/ngx_http_echo_module.so;\n{}",
            hub("")
        ))
        .is_ok()
    );
    let upstream = "upstream pool { server 127.0.0.1:8080; balancer_by_lua_file /x; }\n";
    let site = home("location / { proxy_pass http://pool; }");
    assert!(stop(&format!("{upstream}{site}")).contains("may choose the server of a request"));
}

#[test]
fn a_server_that_rejects_handshakes_is_no_site() {
    let rejects = home(&format!("ssl_reject_handshake on; location / {{ {HUB} }}"));
    assert!(matches!(
        import_text(&rejects),
        Err(ImportError::NoUpstream(_))
    ));
}

#[test]
fn a_backup_server_of_an_upstream_is_dropped() {
    let site = "upstream pool { server 127.0.0.1:8080; server 127.0.0.1:9 backup; }\n".to_owned()
        + &home(&format!("{HOST} location / {{ proxy_pass http://pool; }}"));
    assert!(yaml(&site).contains("upstream: http://127.0.0.1:8080\n"));
    assert!(report(&site).contains("no backup servers"));
}
