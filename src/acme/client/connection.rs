//! A connection to a server, on which one request follows another.

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
    origin::Origin,
    received::{Attentive, Received, Stream},
};
use crate::acme::problem::{Class, Problem};

/// The longest head of an answer, in bytes.
const HEAD: usize = 64 << 10;

/// A connection to a server.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    received: Received,
    used: Instant,
}

/// A connection that broke before the whole answer had come.
pub(super) struct Broken {
    pub(super) problem: Problem,
    /// Whether any of the answer had come.
    pub(super) heard: bool,
}

impl Connection {
    /// Speaks HTTP/1.1 over the stream.
    pub(super) async fn begin(origin: &Origin, stream: Box<dyn Stream>) -> Result<Self, Problem> {
        let received = Received::default();
        let io = TokioIo::new(Attentive::new(stream, received.clone()));
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD)
            .handshake(io)
            .await
            .map_err(|fault| broken_off(origin, &fault))?;
        // Ends with the sender, or when the server closes; what went wrong is told to the sender.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            received,
            used: Instant::now(),
        })
    }

    /// Whether it is open and was used a short while ago.
    pub(super) fn is_usable(&self, idle: Duration) -> bool {
        !self.sender.is_closed() && self.used.elapsed() < idle
    }

    /// Sends a request and reads the whole answer, of `limit` bytes at most.
    pub(super) async fn ask(
        &mut self,
        origin: &Origin,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, Broken> {
        self.received.forget();
        let answer = self.answer(request).await;
        let answer = answer.map_err(|fault| self.broken(broken_off(origin, &fault)))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, limit).collect().await.map_err(|fault| {
            let problem = match fault.downcast_ref::<LengthLimitError>() {
                Some(_) => too_large(origin, limit),
                None => broken_off(origin, fault.as_ref()),
            };
            self.broken(problem)
        })?;
        self.used = Instant::now();
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn answer(&mut self, request: Request<Bytes>) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request.map(Full::new)).await
    }

    fn broken(&self, problem: Problem) -> Broken {
        Broken {
            problem,
            heard: self.received.anything(),
        }
    }
}

fn too_large(origin: &Origin, limit: usize) -> Problem {
    Problem::new(
        Class::Network,
        format!("{origin} answered with more than {limit} bytes"),
    )
}

fn broken_off(origin: &Origin, fault: &(dyn Error + 'static)) -> Problem {
    let cause = chain(fault);
    Problem::new(
        Class::Network,
        format!("the connection to {origin} broke off: {cause}"),
    )
}

/// An error with its sources; hyper tells only one level itself.
fn chain(fault: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(Some(fault), |&fault| fault.source());
    let texts: Vec<_> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}
