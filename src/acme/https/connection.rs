//! An HTTP/1.1 connection to a server, for one request after another.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;

use super::{
    observed_stream::{ObservedStream, Received, Stream},
    origin::Origin,
};
use crate::acme::problem::Problem;

/// The longest head of a response, in bytes.
const HEAD: usize = 64 << 10;

/// A connection to a server.
pub(super) struct Connection {
    origin: Origin,
    sender: SendRequest<Full<Bytes>>,
    received: Received,
    last_used: Instant,
}

/// An exchange that ended before the whole response was read.
pub(super) struct Interrupted {
    pub(super) problem: Problem,
    /// True if a part of the response was received.
    pub(super) response_began: bool,
}

impl Connection {
    /// Starts HTTP/1.1 on a stream.
    pub(super) async fn start(origin: Origin, stream: Box<dyn Stream>) -> Result<Self, Problem> {
        let received = Received::default();
        let io = TokioIo::new(ObservedStream::new(stream, received.clone()));
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD)
            .handshake(io)
            .await
            .map_err(|fault| origin.interruption(&fault))?;
        // The task ends with the sender or when the server closes; the sender returns its errors.
        tokio::spawn(connection);
        Ok(Self {
            origin,
            sender,
            received,
            last_used: Instant::now(),
        })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns true if the connection is open and was used within the time `idle`.
    pub(super) fn is_usable(&self, idle: Duration) -> bool {
        !self.sender.is_closed() && self.last_used.elapsed() < idle
    }

    /// Sends a request and reads the whole response, with a body of `limit` bytes at most.
    pub(super) async fn send(
        &mut self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, Interrupted> {
        self.received.reset();
        let response = self.response_head(request).await;
        let response = response.map_err(|fault| self.interrupted(&fault, limit))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, limit).collect().await;
        let body = body.map_err(|fault| self.interrupted(fault.as_ref(), limit))?;
        self.last_used = Instant::now();
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn response_head(
        &mut self,
        request: Request<Bytes>,
    ) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request.map(Full::new)).await
    }

    fn interrupted(&self, fault: &(dyn Error + 'static), limit: usize) -> Interrupted {
        let problem = match fault.downcast_ref::<LengthLimitError>() {
            Some(_) => self.origin.oversize(limit),
            None => self.origin.interruption(fault),
        };
        Interrupted {
            problem,
            response_began: self.received.is_set(),
        }
    }
}

impl Origin {
    fn oversize(&self, limit: usize) -> Problem {
        Problem::network(format!("{self} answered with more than {limit} bytes"))
    }

    /// Returns the problem of an interrupted connection, with all sources of the error.
    fn interruption(&self, fault: &(dyn Error + 'static)) -> Problem {
        let sources = std::iter::successors(Some(fault), |&fault| fault.source());
        let texts: Vec<_> = sources.map(ToString::to_string).collect();
        let cause = texts.join(": ");
        Problem::network(format!("the connection to {self} broke off: {cause}"))
    }
}
