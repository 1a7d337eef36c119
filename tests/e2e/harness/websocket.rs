//! A WebSocket client over hubgate.

use futures_util::{SinkExt, StreamExt};
use http::Request;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, handshake::client::generate_key},
};

use super::{Stream, within};

/// An open WebSocket.
pub struct WebSocket {
    stream: WebSocketStream<Box<dyn Stream>>,
    /// The subprotocol the other side chose.
    pub subprotocol: Option<String>,
}

impl WebSocket {
    /// Upgrades the stream with a GET of the target.
    ///
    /// # Errors
    /// The status of an answer other than 101.
    pub async fn open(
        stream: Box<dyn Stream>,
        host: &str,
        target: &str,
        fields: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let request = upgrade(host, target, fields);
        let (stream, answer) = match within("the upgrade", client_async(request, stream)).await {
            Ok(open) => open,
            Err(Error::Http(answer)) => return Err(answer.status().as_u16()),
            Err(error) => panic!("the upgrade failed: {error}"),
        };
        let subprotocol = answer.headers().get("sec-websocket-protocol");
        let subprotocol = subprotocol.map(|value| value.to_str().unwrap().to_owned());
        Ok(Self {
            stream,
            subprotocol,
        })
    }

    /// Sends a text message.
    pub async fn send(&mut self, text: &str) {
        let sending = self.stream.send(Message::text(text));
        within("the message is sent", sending).await.unwrap();
    }

    /// Sends a text message and returns the answer.
    pub async fn exchange(&mut self, text: &str) -> String {
        self.send(text).await;
        self.receive().await.expect("a message, not the end")
    }

    /// The next text message; none at the end.
    pub async fn receive(&mut self) -> Option<String> {
        loop {
            match within("a message", self.stream.next()).await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Waits for the end and returns the status the other side closed with.
    pub async fn farewell(mut self) -> Option<u16> {
        loop {
            match within("a farewell", self.stream.next()).await? {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Closes, and waits for the other side to close.
    pub async fn close(mut self) {
        within("the close is sent", self.stream.close(None))
            .await
            .unwrap();
        while self.receive().await.is_some() {}
    }
}

fn upgrade(host: &str, target: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::get(format!("ws://{host}{target}"))
        .header("host", host)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key());
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}
