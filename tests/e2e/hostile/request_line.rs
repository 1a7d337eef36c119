//! The request line: method, target and version, each in its one form.

use super::fixture::Fixture;

#[tokio::test]
async fn a_request_line_that_is_none_is_refused() {
    let fixture = Fixture::open().await;
    for line in [
        "GET /case",
        "GET /case ",
        "GET  /case HTTP/1.1",
        "GET /case  HTTP/1.1",
        "GET /case HTTP/1.1 ",
        " GET /case HTTP/1.1",
        "\tGET /case HTTP/1.1",
        "GET\t/case HTTP/1.1",
        "GET\u{c}/case\u{c}HTTP/1.1",
        "GET /case x HTTP/1.1",
        "G@T /case HTTP/1.1",
        "GET: /case HTTP/1.1",
        "\"GET\" /case HTTP/1.1",
        "GET\0 /case HTTP/1.1",
        "/case HTTP/1.1",
        "GET HTTP/1.1",
        "HTTP/1.1 200 OK",
        "GET /case\rHTTP/1.1",
        "\r\r\nGET /case HTTP/1.1",
        "\nGET /case HTTP/1.1",
        "\0GET /case HTTP/1.1",
    ] {
        fixture.refuses(with(line)).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn unsupported_versions_are_refused() {
    let fixture = Fixture::open().await;
    for (version, status) in [
        ("HTTP/0.9", 505),
        ("HTTP/1.2", 505),
        ("HTTP/1.9", 505),
        ("HTTP/2.0", 505),
        ("HTTP/3.0", 505),
        ("HTTP/2", 400),
        ("HTTP/1", 400),
        ("HTTP/1.10", 400),
        ("HTTP/01.1", 400),
        ("HTTP/1,1", 400),
        ("HTTP/1.1x", 400),
        ("HTTP /1.1", 400),
        ("http/1.1", 400),
        ("HTTPS/1.1", 400),
        ("RTSP/1.1", 400),
    ] {
        let request = with(&format!("GET /case {version}"));
        fixture.refuses_with(status, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn targets_that_are_no_path_of_this_host_are_refused() {
    let fixture = Fixture::open().await;
    for target in [
        "case",
        "*",
        "?x",
        "home.test:443",
        "home.test",
        "//home.test@",
        "http:///case",
        "http://",
        "http:/case",
        "http:case",
        "http://other.test/case",
        "http://home.test:81/case",
        "http://home.test@other.test/case",
        "http://user@home.test/case",
        "http://home.test\\@other.test/case",
        "http://home.test,other.test/case",
        "ftp://home.test/case",
        "unix:/run/hub.sock",
        "/case#part",
        "/c\u{e4}se",
        "/case\u{7f}",
        "/ca\0se",
        "/ca\u{b}se",
        "/ca\\se",
        "/%",
        "/%4",
        "/%zz",
        "/%00",
        "/%0d%0aX:%20y",
    ] {
        let request = with(&format!("GET {target} HTTP/1.1"));
        if target == "//home.test@" {
            // A path like any other, though it looks like a place elsewhere.
            fixture.forwards(request, &[(target, "")]).await;
        } else {
            fixture.refuses(request).await;
        }
    }
    fixture.close().await;
}

#[tokio::test]
async fn connect_and_trace_are_refused_and_the_server_itself_but_for_options() {
    let fixture = Fixture::open().await;
    for (line, status) in [
        ("CONNECT home.test:443 HTTP/1.1", 405),
        ("CONNECT other.test:22 HTTP/1.1", 405),
        ("CONNECT /case HTTP/1.1", 405),
        ("TRACE /case HTTP/1.1", 405),
        ("GET * HTTP/1.1", 400),
        ("PRI * HTTP/2.0", 505),
    ] {
        fixture.refuses_with(status, with(line)).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn other_methods_and_targets_pass_as_they_are() {
    let fixture = Fixture::open().await;
    for method in ["GET", "OPTIONS", "PROPFIND", "M-SEARCH", "get", "X"] {
        fixture
            .forwards(with(&format!("{method} /case HTTP/1.1")), &[("/case", "")])
            .await;
        assert_eq!(fixture.hub.received("/case").unwrap().head.word(0), method);
    }
    let query = "/case?a=%00&b=..%2f..&c=[]|{}`^\\'";
    for (target, meant) in [
        ("/", "/"),
        ("/case?", "/case?"),
        (query, query),
        ("http://home.test/case?x", "/case?x"),
        ("HTTPS://HOME.test/case", "/case"),
        ("http://home.test", "/"),
        ("http://home.test?x", "/?x"),
    ] {
        fixture
            .forwards(with(&format!("GET {target} HTTP/1.1")), &[(meant, "")])
            .await;
    }
    let after_a_body = format!("\r\n{}", with("GET /case HTTP/1.1"));
    fixture.forwards(after_a_body, &[("/case", "")]).await;
    fixture.close().await;
}

#[tokio::test]
async fn an_endless_request_line_is_refused() {
    let fixture = Fixture::open().await;
    let long = "x".repeat(100_000);
    for line in [
        format!("GET /{long} HTTP/1.1"),
        format!("{long} / HTTP/1.1"),
        format!("GET /?{} HTTP/1.1", &long[..17_000]),
    ] {
        let status = fixture.refuses(with(&line)).await;
        assert!(matches!(status, 414 | 431), "{status}");
    }
    fixture.close().await;
}

fn with(line: &str) -> String {
    format!("{line}\r\nHost: home.test\r\n\r\n")
}
