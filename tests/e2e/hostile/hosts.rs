//! Host: only requests with exactly one known name or address reach a site.

use super::fixture::Fixture;

#[tokio::test]
async fn a_host_that_is_none_is_refused() {
    let fixture = Fixture::open().await;
    for host in [
        "home.test@other.test",
        "user@home.test",
        "user:secret@home.test",
        "home.test/case",
        "/home.test",
        "home.test?x",
        "home.test#x",
        "home.test\\",
        "home .test",
        "home.test other.test",
        "home.test, other.test",
        "home.test,home.test",
        "home.test:",
        "home.test:x",
        "home.test:-1",
        "home.test:+443",
        "home.test:99999",
        "home.test:443:443",
        "home..test",
        ".home.test",
        "home.test..",
        "http://home.test",
        "[::1",
        "::1",
        "[::1]x",
        "[home.test]",
        "home.test%00",
        "h\u{f6}me.test",
        "home.test\t:443",
        "",
    ] {
        let request = format!("GET /case HTTP/1.1\r\nHost: {host}\r\n\r\n");
        fixture.refuses_with(400, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn no_host_two_hosts_and_disguised_hosts_are_refused() {
    let fixture = Fixture::open().await;
    for fields in [
        "X: y",
        "Host: home.test\r\nHost: home.test",
        "Host: home.test\r\nhost: other.test",
        "Host: other.test\r\nHost: home.test",
        "Host : home.test",
        " Host: home.test",
        "X: y\r\n Host: home.test",
        "Host:\r\n home.test",
        "X-Forwarded-Host: home.test",
    ] {
        let request = format!("GET /case HTTP/1.1\r\n{fields}\r\n\r\n");
        fixture.refuses_with(400, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_host_of_no_site_is_misdirected() {
    let fixture = Fixture::open().await;
    let open = |host: &str| format!("GET /case HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for host in [
        "other.test",
        "localhost",
        "127.0.0.1",
        "x.home.test",
        "[::1]",
    ] {
        let mut client = fixture.gate.tls().raw().await;
        assert_eq!(client.exchange(open(host)).await.status, 421, "{host}");
    }
    assert!(fixture.hub.requests().is_empty());
    for host in ["home.test", "HOME.Test", "home.test:443", "home.test."] {
        fixture.forwards(open(host), &[("/case", "")]).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn http_1_0_without_a_host_reaches_no_site() {
    let fixture = Fixture::open().await;
    let mut client = fixture.gate.tls().raw().await;
    let answer = client.exchange("GET /case HTTP/1.0\r\n\r\n").await;
    assert_eq!(answer.status, 421);
    client.end().await;
    assert!(fixture.hub.requests().is_empty());
    fixture.close().await;
}
