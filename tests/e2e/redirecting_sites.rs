//! Sites with `redirect` in the place of a hub (RFC 9110, section 15.4).

use http::Method;

use crate::{
    harness::{DEADLINE, Hubgate, Response, Setup, eventually, hubgate},
    hub::Hub,
};

/// The origin that the other name redirects to.
const TARGET: &str = "https://new.test:8443";

async fn gate(hub: &Hub) -> Hubgate {
    Setup::home(&hub.url())
        .other_site(&redirecting("hsts: {max_age: 30d}"))
        .start()
        .await
}

/// The site of another name.
fn redirecting(key: &str) -> String {
    format!(
        "{{hosts: [other.test], certificate: {{chain: home.pem, key: home.key}}, redirect: \"{TARGET}\", {key}}}"
    )
}

fn location(answer: &Response) -> String {
    answer.field("location").unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_redirect_keeps_path_and_query_over_every_version_of_http() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let expected = format!("{TARGET}/a%20b//c?d=/e&f");
    for caller in [gate.clear(), gate.tls().name("other.test")] {
        for version in ["1.0", "1.1"] {
            let mut raw = caller.raw().await;
            let request =
                format!("GET /a%20b//c?d=/e&f HTTP/{version}\r\nHost: other.test\r\n\r\n");
            let answer = raw.exchange(request).await;
            assert_eq!(answer.status, 301);
            assert_eq!(location(&answer), expected);
        }
    }
    let mut two = gate.tls().name("other.test").http2().await;
    let answer = two.get("/a%20b//c?d=/e&f").await;
    assert_eq!((answer.status, location(&answer)), (301, expected));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_keeps_methods_with_a_body() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    for (method, status) in [
        (Method::GET, 301),
        (Method::HEAD, 301),
        (Method::POST, 308),
        (Method::PUT, 308),
        (Method::PATCH, 308),
        (Method::DELETE, 308),
        (Method::OPTIONS, 308),
    ] {
        let mut client = gate.tls().name("other.test").http2().await;
        let answer = client.exchange(method.clone(), "/x", &[], "body").await;
        assert_eq!(answer.status, status, "{method}");
        assert_eq!(location(&answer), format!("{TARGET}/x"));
    }
    let mut raw = gate.clear().raw().await;
    let answer = raw
        .exchange("OPTIONS * HTTP/1.1\r\nHost: other.test\r\n\r\n")
        .await;
    assert_eq!((answer.status, location(&answer).as_str()), (308, TARGET));
    assert!(hub.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_leads_to_its_own_origin_only() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    for target in [
        "//evil.test/x",
        "/\\evil.test",
        "/.evil.test",
        "/@evil.test",
        "/%0d%0aX:y",
    ] {
        let mut raw = gate.clear().raw().await;
        let answer = raw
            .exchange(format!("GET {target} HTTP/1.1\r\nHost: other.test\r\n\r\n"))
            .await;
        let led = location(&answer);
        assert!(
            answer.status == 400 || led == format!("{TARGET}{target}"),
            "{target}: {led}"
        );
        assert!(answer.field("x").is_none());
    }
}

#[tokio::test]
async fn a_redirect_sends_hsts_over_tls_only_and_its_site_has_a_certificate() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let field = "strict-transport-security";
    let mut tls = gate.tls().name("other.test").http1().await;
    let answer = tls.get("/").await;
    assert_eq!(answer.field(field), Some("max-age=2592000"));
    let mut raw = gate.clear().raw().await;
    let answer = raw
        .exchange("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n")
        .await;
    assert_eq!((answer.status, answer.field(field)), (301, None));
}

#[tokio::test]
async fn check_explain_status_and_doctor_name_the_redirect() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let check = gate.commanded(&["check"]).await.succeeded();
    assert!(
        check.contains(&format!("redirects    every path to {TARGET}")),
        "{check}"
    );
    let status = gate.commanded(&["status"]).await.succeeded();
    assert!(
        status.contains(&format!("redirects every path to {TARGET}")),
        "{status}"
    );
    let doctor = gate.commanded(&["doctor"]).await;
    let doctor = format!("{doctor:?}");
    assert!(
        doctor.contains(&format!("redirected to {TARGET}")),
        "{doctor}"
    );
    let url = "https://other.test/a?b";
    let explain = ["explain", url, "--from", "192.0.2.7"];
    let explained = hubgate(gate.folder(), &explain).succeeded();
    let sentence = format!("301: the site redirects every request, here to {TARGET}/a?b");
    assert!(explained.contains(&sentence), "{explained}");
    assert!(!explained.contains("who enters"), "{explained}");
}

#[tokio::test]
async fn a_reload_to_a_redirect_ends_unfinished_responses_of_the_hub() {
    let hub = Hub::start().await;
    let gate = gate(&hub).await;
    let mut client = gate.tls().http1().await;
    assert_eq!(client.get("/").await.status, 200);
    let yaml = std::fs::read_to_string(gate.folder().join("proxy.yaml")).unwrap();
    let upstream = format!("upstream: {}\n", hub.url());
    let redirect = format!("redirect: {TARGET}\n");
    let yaml = yaml
        .replace(&upstream, &redirect)
        .replace("    access: public\n", "");
    gate.write("proxy.yaml", &yaml);
    gate.commanded(&["reload"]).await.succeeded();
    eventually(DEADLINE, "the kept connection is redirected", async || {
        gate.tls().http1().await.get("/").await.status == 301
    })
    .await;
}
