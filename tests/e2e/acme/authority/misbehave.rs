//! Sends a response, whole or with a fault of the connection.

use std::{convert::Infallible, future::pending, io, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use socket2::{SockRef, Socket};
use tokio::{net::TcpStream, time::sleep};

use super::{Fault, jws, response::Response};

/// The body of an answer, which may break off.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The means to reset a connection.
pub(super) struct Cut {
    socket: Socket,
}

impl Cut {
    pub(super) fn of(tcp: &TcpStream) -> Self {
        let socket = SockRef::from(tcp).try_clone().unwrap();
        Self { socket }
    }

    /// Makes the end of the connection a reset; the returned error ends it.
    fn reset(&self) -> io::Error {
        self.socket.set_linger(Some(Duration::ZERO)).unwrap();
        io::ErrorKind::ConnectionReset.into()
    }
}

/// Responds according to the fault; `work` handles the request.
pub(super) async fn respond(
    fault: Option<Fault>,
    cut: &Cut,
    work: impl FnOnce() -> Response,
) -> io::Result<http::Response<Body>> {
    let answer = match &fault {
        Some(Fault::Reset) => return Err(cut.reset()),
        Some(Fault::BlackHole) => return pending().await,
        Some(Fault::Html) => Response::new(503, "text/html", PAGE),
        Some(Fault::BadNonce) => jws::bad_nonce(),
        Some(Fault::Refused(refusal)) => refusal.answer(),
        _ => work(),
    };
    match fault {
        Some(Fault::Lost) => Err(cut.reset()),
        Some(Fault::Truncated) => Ok(response(answer, truncated)),
        Some(Fault::Drip(pause)) => Ok(response(answer, |body| drip(body, pause))),
        _ => Ok(response(answer, whole)),
    }
}

fn response(answer: Response, send: impl FnOnce(Vec<u8>) -> Body) -> http::Response<Body> {
    let mut response = http::Response::builder()
        .status(answer.status)
        .header("content-length", answer.body.len());
    for (name, value) in answer.fields {
        response = response.header(name, value);
    }
    response.body(send(answer.body)).unwrap()
}

fn whole(body: Vec<u8>) -> Body {
    let body = Full::new(Bytes::from(body));
    body.map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

fn truncated(mut body: Vec<u8>) -> Body {
    body.truncate(body.len() / 2);
    let end = Err(io::ErrorKind::UnexpectedEof.into());
    let frames = [Ok(Frame::data(Bytes::from(body))), end];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

fn drip(body: Vec<u8>, pause: Duration) -> Body {
    let drops = stream::iter(body).then(move |byte| async move {
        sleep(pause).await;
        Ok(Frame::data(Bytes::copy_from_slice(&[byte])))
    });
    StreamBody::new(drops).boxed_unsync()
}

const PAGE: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\
    <body><h1>503 Service Temporarily Unavailable</h1></body></html>";
