//! Chunk framing: a body with an ambiguous end never ends at the hub.

use super::fixture::{Fixture, SMUGGLED, post};

#[tokio::test]
async fn chunks_that_others_cut_differently_are_refused() {
    let fixture = Fixture::open().await;
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "5\r\nhello\r\n\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5h\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "\r\n\r\n",
        ";x\r\n\r\n",
        "5;x\ny\r\nhello\r\n0\r\n\r\n",
        "5;x\ry\r\nhello\r\n0\r\n\r\n",
        "5;x\0y\r\nhello\r\n0\r\n\r\n",
        "0\r\n\n",
        "0\n\r\n",
        "0\r\n\r\r\n",
        "00x\r\n\r\n",
    ] {
        let request = post("Transfer-Encoding: chunked", body);
        fixture.refuses(request + SMUGGLED).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn sizes_that_overflow_are_refused() {
    let fixture = Fixture::open().await;
    for size in [
        "7fffffffffffffff",
        "8000000000000000",
        "fffffffffffffffb",
        "ffffffffffffffff",
        "10000000000000005",
        "fffffffffffffffff",
    ] {
        let body = format!("{size}\r\nhello\r\n0\r\n\r\n");
        let request = post("Transfer-Encoding: chunked", &body);
        fixture.refuses(request + SMUGGLED).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn endless_extensions_and_trailers_are_refused() {
    let fixture = Fixture::open().await;
    let long = "x".repeat(100_000);
    for body in [
        format!("5;{long}\r\nhello\r\n0\r\n\r\n"),
        format!("0\r\nX-Long: {long}\r\n\r\n"),
        format!("0\r\n{}\r\n", "X-Many: x\r\n".repeat(10_000)),
    ] {
        fixture
            .refuses(post("Transfer-Encoding: chunked", &body))
            .await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn trailers_that_are_no_fields_are_refused() {
    let fixture = Fixture::open().await;
    for trailer in ["X-Sum: 1\n", "X: a\0b\r\n", "X: a\rb\r\n"] {
        let body = format!("5\r\nhello\r\n0\r\n{trailer}\r\n");
        let request = post("Transfer-Encoding: chunked", &body);
        fixture.refuses(request + SMUGGLED).await;
    }
    fixture.close().await;
}

#[tokio::test]
async fn well_formed_chunks_pass_without_fields_of_the_connection() {
    let fixture = Fixture::open().await;
    for body in [
        "5\r\nhello\r\n0\r\n\r\n",
        "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n",
        "0005\r\nhello\r\n000\r\n\r\n",
        "5;name=value;other\r\nhello\r\n0;last\r\n\r\n",
        "5;name=\"a b\"\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        "5\r\nhello\r\n0\r\nContent-Length: 0\r\nX-Real-IP: 10.0.0.1\r\n\r\n",
    ] {
        let request = post("Transfer-Encoding: chunked", body);
        fixture.forwards(request, &[("/case", "hello")]).await;
        let received = fixture.hub.received("/case").unwrap();
        assert_eq!(received.field("x-sum"), None);
        assert_eq!(received.field("x-real-ip"), Some("127.0.0.1"));
    }
    let upper = post("Transfer-Encoding: chunked", "A\r\n0123456789\r\n0\r\n\r\n");
    fixture.forwards(upper, &[("/case", "0123456789")]).await;
    fixture.close().await;
}

#[tokio::test]
async fn a_body_of_pieces_in_pieces_passes() {
    let fixture = Fixture::open().await;
    let mut client = fixture.gate.tls().raw().await;
    let request = post(
        "Transfer-Encoding: chunked",
        "5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n",
    );
    for byte in request.as_bytes() {
        client.send([*byte]).await;
    }
    assert_eq!(client.receive().await.status, 200);
    assert_eq!(fixture.hub.received("/case").unwrap().body, b"hello");
    fixture.close().await;
}
