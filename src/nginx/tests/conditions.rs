//! Conditions that do not decide about access.

use super::{HUB, home, report, stop};

/// Returns the site of `home` with an upstream and these directives in its location.
fn hub(inside: &str) -> String {
    home(&format!("location / {{ {HUB}\n {inside} }}"))
}

#[test]
fn a_redirect_that_a_client_may_avoid_is_dropped() {
    for redirect in [
        "if ($http_referer ~* /ombi) { rewrite ^/swagger/(.*) /ombi/swagger/$1? redirect; }",
        "if ($http_user_agent ~* mobile) { return 302 /mobile/; }",
    ] {
        let text = report(&hub(redirect));
        assert!(
            text.contains("by a field that a client may leave out"),
            "{text}"
        );
    }
    for condition in [
        "if ($http_referer !~* /ombi) { return 302 /login; }",
        "if ($http_cookie ~* .*) { return 302 /login; }",
        "if ($http_host = home.example.org) { return 302 /login; }",
        "if ($http_cookie = '') { return 302 /login; }",
        "if ($http_user_agent ~* bot) { return 403; }",
        "if ($http_user_agent ~* bot) { return 302 https://elsewhere.example.org/; }",
        "if ($http_user_agent ~* bot) { return 302 //elsewhere.example.org/; }",
        "if ($http_user_agent ~* bot) { rewrite ^ /static/bot.html last; }",
    ] {
        assert!(
            stop(&hub(condition)).contains("hubgate has no `if`"),
            "{condition}"
        );
    }
}

#[test]
fn grpc_to_the_same_server_is_dropped() {
    let grpc = |server: &str, field: &str| {
        hub(&format!(
            "{field} if ($http_content_type = application/grpc) {{ grpc_pass grpc://{server}; }}"
        ))
    };
    assert!(report(&grpc("127.0.0.1:8080", "")).contains("does not translate gRPC"));
    for (server, field) in [
        ("127.0.0.1:9", ""),
        ("127.0.0.1:8080", "proxy_set_header X-Role admin;"),
    ] {
        assert!(stop(&grpc(server, field)).contains("hubgate has no `if`"));
    }
}
