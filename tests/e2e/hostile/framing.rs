//! Content-Length and Transfer-Encoding: ambiguous framing is refused.

use super::fixture::{Fixture, SMUGGLED, get, post};

#[tokio::test]
async fn a_length_that_others_read_differently_is_refused() {
    let fixture = Fixture::open().await;
    for length in [
        "+5",
        "-5",
        "0x5",
        "5 5",
        "5,5",
        "5, 5",
        "5, 6",
        "5;",
        "5.0",
        "5e0",
        "\"5\"",
        "'5'",
        "",
        "five",
        "\u{ff15}",
        "\u{b}5",
        "\u{c}5",
        "5\u{c}",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551621",
        "99999999999999999999999999999999999999999",
    ] {
        let request = post(&format!("Content-Length: {length}"), SMUGGLED);
        fixture.refuses_with(400, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn two_lengths_are_refused_even_when_they_agree() {
    let fixture = Fixture::open().await;
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: 0\r\ncontent-length: 5",
        "Content-Length: 5\r\nContent-Length:",
    ] {
        fixture.refuses_with(400, post(fields, SMUGGLED)).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_plain_length_passes_in_any_writing() {
    let fixture = Fixture::open().await;
    for fields in [
        "Content-Length: 5",
        "content-LENGTH:5",
        "Content-Length: \t 5 \t",
        "Content-Length: 005",
        "Connection: content-length\r\nContent-Length: 5",
    ] {
        fixture
            .forwards(post(fields, "hello"), &[("/case", "hello")])
            .await;
    }
    fixture
        .forwards(get("Content-Length: 0"), &[("/case", "")])
        .await;
    let with_body = get("Content-Length: 5") + "hello";
    fixture.forwards(with_body, &[("/case", "hello")]).await;
    fixture.close().await;
}

#[tokio::test]
async fn no_length_means_no_body() {
    let fixture = Fixture::open().await;
    for fields in ["X: y", "Content_Length: 5", "Transfer_Encoding: chunked"] {
        let request = post(fields, "5\r\nhello\r\n0\r\n\r\n");
        fixture
            .forwards_then_refuses(request, &[("/case", "")])
            .await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_coding_other_than_chunked_is_refused() {
    let fixture = Fixture::open().await;
    for coding in [
        "chunked,",
        ",chunked",
        "chunked, chunked",
        "chunked, identity",
        "identity",
        "identity, chunked",
        "gzip, chunked",
        "gzip",
        "xchunked",
        "chunkedx",
        "chunk",
        "chunked;q=1",
        "\"chunked\"",
        "chun ked",
        "chunked\u{c}",
        "\u{c}chunked",
        "\u{b}chunked",
        "\u{a0}chunked",
        "",
    ] {
        let request = post(&format!("Transfer-Encoding: {coding}"), "0\r\n\r\n");
        fixture.refuses(request.clone() + SMUGGLED).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_coding_and_a_length_or_another_coding_are_refused() {
    let fixture = Fixture::open().await;
    for fields in [
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked\r\nContent-Length: 5",
        "Transfer-Encoding\t: chunked",
        "Transfer-Encoding:\r\n chunked",
        "X: y\r\n Transfer-Encoding: chunked",
    ] {
        let request = post(fields, "0\r\n\r\n") + SMUGGLED;
        fixture.refuses(request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn http_1_0_has_no_codings() {
    let fixture = Fixture::open().await;
    for fields in [
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let request = format!(
            "POST /case HTTP/1.0\r\nHost: home.test\r\n{fields}\r\n\r\n0\r\n\r\n{SMUGGLED}"
        );
        fixture.refuses_with(400, request).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn chunked_passes_in_any_case() {
    let fixture = Fixture::open().await;
    for field in [
        "Transfer-Encoding: chunked",
        "transfer-encoding:Chunked",
        "TRANSFER-ENCODING: \t CHUNKED\t ",
        "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
    ] {
        let request = post(field, "5\r\nhello\r\n0\r\n\r\n");
        fixture.forwards(request, &[("/case", "hello")]).await;
    }
    fixture.close().await;
}
