//! An HTTP client: HTTP/1.1 or HTTP/2 by hyper.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{Head, Response, Stream, within};

/// A client on one connection.
pub struct Http {
    sender: Sender,
    origin: String,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

impl Http {
    /// Speaks HTTP/1.1 over the stream.
    pub async fn one(stream: Box<dyn Stream>, origin: String) -> Self {
        let connecting = http1::handshake(TokioIo::new(stream));
        let (sender, connection) = within("HTTP/1.1", connecting).await.unwrap();
        tokio::spawn(connection);
        let sender = Sender::One(sender);
        Self { sender, origin }
    }

    /// Speaks HTTP/2 over the stream.
    pub async fn two(stream: Box<dyn Stream>, origin: String) -> Self {
        let connecting = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = within("HTTP/2", connecting).await.unwrap();
        tokio::spawn(connection);
        let sender = Sender::Two(sender);
        Self { sender, origin }
    }

    /// Sends a GET of the target.
    pub async fn get(&mut self, target: &str) -> Response {
        self.exchange(Method::GET, target, &[], "").await
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn exchange(
        &mut self,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let response = self.open(method, target, fields, body).await;
        let (parts, body) = response.into_parts();
        let body = within("the whole body", body.collect()).await;
        Response {
            status: parts.status.as_u16(),
            head: head(&parts),
            complete: body.is_ok(),
            body: body.map_or_else(|_| Vec::new(), |body| body.to_bytes().to_vec()),
        }
    }

    /// Sends a whole request and reads the head of the answer.
    pub async fn open(
        &mut self,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> http::Response<Incoming> {
        let request = self.request(method, target, fields, body);
        let answer = match &mut self.sender {
            Sender::One(sender) => within("an answer", sender.send_request(request)).await,
            Sender::Two(sender) => within("an answer", sender.send_request(request)).await,
        };
        answer.unwrap()
    }

    /// Returns true if the connection has ended or takes no more requests.
    pub fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::One(sender) => sender.is_closed(),
            Sender::Two(sender) => sender.is_closed(),
        }
    }

    fn request(
        &self,
        method: Method,
        target: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Request<Full<Bytes>> {
        let host = self.origin.split_once("://").unwrap().1;
        let mut request = Request::builder().method(method);
        request = match self.sender {
            Sender::One(_) => request.uri(target).header("host", host),
            Sender::Two(_) => request.uri(format!("{}{target}", self.origin)),
        };
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(Full::from(body.to_owned())).unwrap()
    }
}

/// Reads the body until the text has come.
///
/// # Panics
/// If the body ends before.
pub async fn until(body: &mut Incoming, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        let frame = within(text, body.frame()).await;
        let frame = frame.unwrap_or_else(|| panic!("the end instead of {text:?}: {read:?}"));
        let bytes = frame.unwrap().into_data().unwrap_or_default();
        read += &String::from_utf8_lossy(&bytes);
    }
    read
}

fn head(parts: &http::response::Parts) -> Head {
    let field = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    };
    Head {
        first: format!("{:?} {}", parts.version, parts.status),
        fields: parts.headers.iter().map(field).collect(),
        bytes: Vec::new(),
    }
}
