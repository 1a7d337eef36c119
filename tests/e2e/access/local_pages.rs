//! Local pages forbid storing, subresources and framing.

use http::Method;

use super::protocols::connect;
use crate::{
    harness::{ANNA, Authority, Client, HTPASSWD, Hubgate, Response, Setup},
    hub::Hub,
};

/// One request, and the status of hubgate's own answer to it.
struct Case {
    status: u16,
    caller: Client,
    host: &'static str,
    target: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

#[tokio::test]
async fn every_own_answer_is_guarded() {
    let (hub, family) = (Hub::start().await, Authority::new("family"));
    let mut away = Hub::start().await;
    let gate = gate(&hub, &away, &family).await;
    away.stop().await;
    guess(&gate.tls().from("127.0.0.9")).await;
    for case in cases(&gate) {
        for protocol in ["http/1.1", "h2"] {
            let mut client = connect(&case.caller, case.host, protocol).await;
            for method in [Method::GET, Method::HEAD, Method::POST] {
                let answer = client_exchange(&mut client, &case, method).await;
                assert_eq!(answer.status, case.status, "{}", case.target);
                guarded(&answer);
                if answer.status >= 495 || answer.status == 421 || answer.status == 400 {
                    client = connect(&case.caller, case.host, protocol).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn the_redirect_to_https_is_guarded() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for method in [Method::GET, Method::POST] {
        let mut clear = gate.clear().http1().await;
        let answer = clear.exchange(method, "/", &[], "").await;
        assert!(matches!(answer.status, 301 | 308));
        guarded(&answer);
    }
}

#[tokio::test]
async fn the_response_to_a_malformed_request_carries_security_headers() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: home.test\r\n\r\n",
        "GET / HTTP/3.0\r\nHost: home.test\r\n\r\n",
        "<script>alert(1)</script> / HTTP/1.1\r\nHost: home.test\r\n\r\n",
    ] {
        let answer = gate.tls().raw().await.exchange(request).await;
        assert!((400..600).contains(&answer.status));
        guarded(&answer);
    }
}

#[tokio::test]
async fn responses_of_the_hub_are_left_unchanged() {
    let hub = Hub::start().await;
    let gate = Setup::home(&hub.url()).start().await;
    let answer = gate.tls().http2().await.get("/plain").await;
    for name in [
        "cache-control",
        "content-security-policy",
        "x-frame-options",
    ] {
        assert_eq!(answer.field(name), None, "{name}");
    }
}

/// hubgate's own fields, and a page that names no other place.
fn guarded(answer: &Response) {
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(answer.field("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.field("referrer-policy"), Some("no-referrer"));
    let policy = answer.field("content-security-policy").unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    let page = answer.text();
    for elsewhere in ["://", "src=", "<script", "<link", "<img", "@import", "url("] {
        assert!(!page.contains(elsewhere), "{elsewhere}: {page}");
    }
}

fn cases(gate: &Hubgate) -> Vec<Case> {
    let (near, away) = (gate.tls(), gate.tls().from("127.0.0.2"));
    let stranger = Authority::new("strangers").client("mallory");
    let case = |status, caller: &Client, target| Case {
        status,
        caller: caller.clone(),
        host: "home.test",
        target,
        fields: &[],
    };
    vec![
        case(400, &near, "/%00"),
        case(401, &near, "/password/"),
        case(403, &near, "/nowhere/"),
        case(496, &away, "/"),
        case(495, &away.clone().showing(stranger), "/"),
        case(502, &near, "/wrong/garbage"),
        case(503, &near, "/away/"),
        Case {
            host: "evil.test",
            ..case(421, &near, "/")
        },
        Case {
            fields: &[("authorization", ANNA)],
            ..case(429, &near.from("127.0.0.9"), "/password/")
        },
    ]
}

async fn client_exchange(
    client: &mut crate::harness::Http,
    case: &Case,
    method: Method,
) -> Response {
    client.exchange(method, case.target, case.fields, "").await
}

async fn guess(caller: &Client) {
    let wrong = [("authorization", "Basic YW5uYTp3cm9uZw==")];
    for _ in 0..12 {
        let mut client = caller.http1().await;
        client.exchange(Method::GET, "/password/", &wrong, "").await;
    }
}

async fn gate(hub: &Hub, away: &Hub, family: &Authority) -> Hubgate {
    Setup::home(&hub.url())
        .file("ca.pem", &family.pem())
        .file("htpasswd", HTPASSWD)
        .site("access: {networks: [127.0.0.1, 127.0.0.9], client_certificate: ca.pem}")
        .site("paths:")
        .site("  - {path: /password/, access: {password: htpasswd}}")
        .site("  - {path: /nowhere/, access: {networks: [203.0.113.1]}}")
        .site(&format!(
            "  - {{path: /away/, upstream: \"{}\"}}",
            away.url()
        ))
        .start()
        .await
}
