use crate::http::http1::request_head::*;

fn parse(head: &str) -> Judged<Head<'_>> {
    Head::parse(head.as_bytes(), &LastAuthority::default())
}

fn refusal(head: &str) -> u16 {
    parse(head).expect_err(head).0.as_u16()
}

#[test]
fn a_request_head_is_parsed() {
    let head = parse("POST /a?b=c HTTP/1.1\r\nHost: home\r\nContent-Length: 3\r\n\r\n").unwrap();
    assert_eq!((head.method, &*head.target), (Method::POST, "/a?b=c"));
    assert_eq!(head.body, Body::Length(3));
}

#[test]
fn an_absolute_form_target_for_the_same_host_becomes_origin_form() {
    let text = "GET http://Home/x?y HTTP/1.1\r\nHost: home\r\n\r\n";
    let head = parse(text).unwrap();
    assert_eq!(head.target, "/x?y");
    assert_eq!(
        parse("GET http://home HTTP/1.1\r\nHost: home\r\n\r\n")
            .unwrap()
            .target,
        "/"
    );
}

#[test]
fn a_head_that_parsers_read_differently_is_refused() {
    let with = |line: &str| format!("GET / HTTP/1.1\r\nHost: home\r\n{line}\r\n\r\n");
    for line in [
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: \x0c1",
        "Content-Length: 1\x0b",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "X: a\r\n b",
        "X: a\0b",
        "X: a\rb",
        "X: a\nY: b",
        "no colon",
        ": empty",
        "Host: other",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: xchunked",
    ] {
        assert_eq!(refusal(&with(line)), 400, "{line:?}");
    }
    assert_eq!(refusal(&with("Transfer-Encoding: gzip, chunked")), 501);
    assert_eq!(refusal(&with("Expect: tea")), 417);
}

#[test]
fn request_lines_are_parsed_strictly() {
    let with = |line: &str| format!("{line}\r\nHost: home\r\n\r\n");
    for line in [
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /",
        "GET / http/1.1",
        "GET /a b HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET * HTTP/1.1",
        "GET x HTTP/1.1",
        "GET /# HTTP/1.1",
        "GET /\u{e4} HTTP/1.1",
        "GET http://other/ HTTP/1.1",
        "GET http:///x HTTP/1.1",
        "GET http://a@home/ HTTP/1.1",
        "GET home:80 HTTP/1.1",
    ] {
        assert_eq!(refusal(&with(line)), 400, "{line:?}");
    }
    assert_eq!(refusal(&with("CONNECT home:80 HTTP/1.1")), 405);
    assert_eq!(refusal(&with("TRACE / HTTP/1.1")), 405);
    assert_eq!(refusal(&with("GET / HTTP/2.0")), 505);
    assert_eq!(refusal("GET / HTTP/1.1\r\n\r\n"), 400, "Host is missing");
    assert_eq!(
        refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        400
    );
    assert!(parse("GET / HTTP/1.0\r\n\r\n").is_ok());
}

#[test]
fn the_end_of_a_head_is_found_in_pieces_of_any_size_and_after_bare_line_feeds() {
    for (bytes, end) in [
        (&b"GET / HTTP/1.1\r\nHost: a\r\n"[..], None),
        (b"G\r\n\r\nrest", Some(5)),
        (b"G\n\nrest", Some(3)),
        (b"G\n\r\nrest", Some(4)),
        (b"\r\n\r\n", Some(4)),
        (b"G\r\r\n", None),
    ] {
        assert_eq!(Head::end(bytes, &mut 0), end, "{bytes:?}");
        let mut searched = 0;
        let found = (1..=bytes.len()).find_map(|length| Head::end(&bytes[..length], &mut searched));
        assert_eq!(found, end, "{bytes:?}");
    }
}

#[test]
fn too_many_fields_are_refused() {
    let fields = "X: y\r\n".repeat(MOST_FIELDS);
    assert_eq!(
        refusal(&format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")),
        431
    );
}
