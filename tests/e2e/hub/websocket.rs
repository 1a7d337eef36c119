//! The hub's WebSocket: an echo (RFC 6455).

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};

use crate::harness::{Head, Wire};

/// Upgrades the connection and echoes until it is closed; none at its end.
pub(super) async fn echo(mut wire: Wire<TcpStream>, head: &Head) -> Option<()> {
    wire.write(accept(head)?.as_bytes()).await.ok()?;
    let stream = wire.into_stream();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            socket.send(message).await.ok()?;
        }
    }
    None
}

/// The 101 with the first subprotocol that was offered.
fn accept(head: &Head) -> Option<String> {
    let key = derive_accept_key(head.field("sec-websocket-key")?.as_bytes());
    let offered = head.field("sec-websocket-protocol");
    let first = offered.and_then(|offered| offered.split(',').next());
    let chosen = first.map_or_else(String::new, |first| {
        format!("Sec-WebSocket-Protocol: {}\r\n", first.trim())
    });
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {key}\r\n{chosen}\r\n"
    ))
}
