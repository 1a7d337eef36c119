//! Header lines: refuses those that another parser would split, join or drop.

use super::fixture::{Fixture, get};

#[tokio::test]
async fn header_lines_that_others_read_differently_are_refused() {
    let fixture = Fixture::open().await;
    for line in [
        "X: a\0b",
        "X\0: a",
        "X: a\r\n b",
        "X: a\r\n\tb",
        " X: a",
        "\tX: a",
        "X : a",
        "X\t: a",
        "X: a\rb",
        "X: a\nY: b",
        "X: a\n",
        "X: a\r",
        "X: a\r\r",
        "X",
        "X y",
        ": a",
        ":",
        "X(: a",
        "X/Y: a",
        "\"X\": a",
        "X\u{e4}: a",
        "X\u{1}: a",
        "X: a\u{1}b",
        "X: a\u{8}b",
        "X: a\u{1b}[2Jb",
        "X: a\u{7f}b",
    ] {
        fixture.refuses_with(400, get(line)).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn lines_that_end_in_a_bare_line_feed_are_refused() {
    let fixture = Fixture::open().await;
    for request in [
        "GET /case HTTP/1.1\nHost: home.test\n\n",
        "GET /case HTTP/1.1\r\nHost: home.test\n\r\n",
        "GET /case HTTP/1.1\nHost: home.test\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: home.test\r\n\n",
    ] {
        fixture.refuses_with(400, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_head_of_more_than_64_kibibytes_is_refused() {
    let fixture = Fixture::open().await;
    let status = fixture
        .refuses(get(&format!("X: {}", "x".repeat(70_000))))
        .await;
    assert_eq!(status, 431);
    let many = format!("X: {}\r\n", "x".repeat(7_000)).repeat(10);
    fixture.refuses_with(431, get(many.trim_end())).await;
    let endless = format!("GET /case HTTP/1.1\r\nX: {}", "x".repeat(1_000_000));
    assert!(matches!(fixture.refuses(endless).await, 431 | 0));
    let large = get(&format!("X: {}", "x".repeat(60_000)));
    fixture.forwards(large, &[("/case", "")]).await;
    fixture.close().await;
}

#[tokio::test]
async fn more_than_128_fields_are_refused() {
    let fixture = Fixture::open().await;
    let fields = |count: usize| get("X: y\r\n".repeat(count).trim_end());
    for count in [128, 1_000, 10_000] {
        fixture.refuses_with(431, fields(count)).await;
    }
    // Host is the 128th.
    fixture.forwards(fields(127), &[("/case", "")]).await;
    fixture.close().await;
}

#[tokio::test]
async fn odd_but_valid_fields_pass_as_they_are() {
    let fixture = Fixture::open().await;
    for (line, value) in [
        ("X-Odd:", ""),
        ("X-Odd:value", "value"),
        ("x-ODD: \t value \t", "value"),
        ("X-Odd: a, b; c=\"d e\"", "a, b; c=\"d e\""),
        ("X-Odd: a\tb", "a\tb"),
        ("X-Odd: \u{e4}\u{20ac}", "\u{e4}\u{20ac}"),
        ("X-Odd: : :", ": :"),
        ("!#$%&'*+-.^`|~09: x\r\nX-Odd: y", "y"),
    ] {
        fixture.forwards(get(line), &[("/case", "")]).await;
        let received = fixture.hub.received("/case").unwrap();
        assert_eq!(received.field("x-odd"), Some(value), "{line:?}");
    }
    fixture.close().await;
}
