//! Conditions that decide about nothing that hubgate guards.

use super::{HUB, home, report, stop};

/// The site of `home` with a hub and this in its location.
fn hub(inside: &str) -> String {
    home(&format!("location / {{ {HUB}\n {inside} }}"))
}

#[test]
fn a_detour_that_a_client_may_avoid_is_left_out() {
    for detour in [
        "if ($http_referer ~* /ombi) { rewrite ^/swagger/(.*) /ombi/swagger/$1? redirect; }",
        "if ($http_user_agent ~* mobile) { return 302 /mobile/; }",
    ] {
        let said = report(&hub(detour));
        assert!(
            said.contains("by a field that a client may leave out"),
            "{said}"
        );
    }
    for guard in [
        "if ($http_referer !~* /ombi) { return 302 /login; }",
        "if ($http_cookie ~* .*) { return 302 /login; }",
        "if ($http_host = home.example.org) { return 302 /login; }",
        "if ($http_cookie = '') { return 302 /login; }",
        "if ($http_user_agent ~* bot) { return 403; }",
        "if ($http_user_agent ~* bot) { return 302 https://elsewhere.example.org/; }",
        "if ($http_user_agent ~* bot) { return 302 //elsewhere.example.org/; }",
        "if ($http_user_agent ~* bot) { rewrite ^ /static/bot.html last; }",
    ] {
        assert!(stop(&hub(guard)).contains("hubgate has no `if`"), "{guard}");
    }
}

#[test]
fn grpc_to_the_same_server_is_left_out() {
    let grpc = |server: &str, field: &str| {
        hub(&format!(
            "{field} if ($http_content_type = application/grpc) {{ grpc_pass grpc://{server}; }}"
        ))
    };
    assert!(report(&grpc("127.0.0.1:8080", "")).contains("speaks no gRPC"));
    for (server, field) in [
        ("127.0.0.1:9", ""),
        ("127.0.0.1:8080", "proxy_set_header X-Role admin;"),
    ] {
        assert!(stop(&grpc(server, field)).contains("hubgate has no `if`"));
    }
}
