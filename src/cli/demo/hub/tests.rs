//! Requests to the stand-in, and its responses.

use std::net::SocketAddr;

use futures_util::SinkExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest},
};

use super::*;

async fn hub() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener));
    address
}

/// Sends a request, and reads the response up to and including `end`, or to EOF.
async fn exchange(request: &str, end: &str) -> String {
    let mut stream = TcpStream::connect(hub().await).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let mut buffer = [0; 4096];
    while end.is_empty() || !answer.contains(end) {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            length => answer.push_str(&String::from_utf8_lossy(&buffer[..length])),
        }
    }
    answer
}

#[tokio::test]
async fn echo_returns_the_request_as_received() {
    let answer = exchange(
        "PUT /rest/echo?a=1 HTTP/1.1\r\nHost: home\r\nX-Two: a\r\nX-Two: b\r\n\
         Content-Length: 3\r\nConnection: close\r\n\r\nabc",
        "",
    )
    .await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let echo: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(echo["method"], "PUT");
    assert_eq!(echo["path"], "/rest/echo");
    assert_eq!(echo["query"], "a=1");
    assert_eq!(echo["body_length"], 3);
    let headers = echo["headers"].as_array().unwrap();
    assert!(headers.contains(&serde_json::json!(["x-two", "a"])));
    assert!(headers.contains(&serde_json::json!(["x-two", "b"])));
}

#[tokio::test]
async fn events_tick() {
    let request = "GET /rest/events HTTP/1.1\r\nHost: home\r\n\r\n";
    let answer = exchange(request, "data: 1\n\n").await;
    assert!(answer.contains("text/event-stream"), "{answer}");
    assert!(answer.contains("event: tick\n"), "{answer}");
}

#[tokio::test]
async fn the_page_names_no_other_host() {
    let request = "GET / HTTP/1.1\r\nHost: home\r\nConnection: close\r\n\r\n";
    let page = exchange(request, "").await;
    for id in ["ws", "sse", "user"] {
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!page.contains("//"), "a URL of another host, or a comment");
}

#[tokio::test]
async fn the_websocket_echoes_messages_and_never_selects_the_token_as_subprotocol() {
    let address = hub().await;
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    let offered = "org.openhab.ws.accessToken.base64.b2g, org.openhab.ws.protocol.default";
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered.parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, answer) = client_async(request, stream).await.unwrap();
    assert_eq!(
        answer.headers()["sec-websocket-protocol"],
        "org.openhab.ws.protocol.default"
    );
    socket.send(Frame::text("hello")).await.unwrap();
    let repeated = socket.next().await.unwrap().unwrap();
    assert_eq!(repeated, Frame::text("hello"));
}
