//! The upstream of a request on its way: a connection of HTTP/1.1 of its own, or a stream of HTTP/2
//! on a shared one.

use std::{
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWrite};

use super::{
    event::{Event, Failure},
    framing::Framing,
    request_head::RequestHead,
};
use crate::{
    transport::memory_budget::{Account, Charge},
    upstream::{Connector, Http2Stream, Reuse, Route, Unreachable, UpstreamConnection},
};

/// The upstream of a request on its way.
pub(super) enum Upstream {
    /// A connection of HTTP/1.1.
    Http1(UpstreamConnection),
    /// A stream of HTTP/2.
    Http2(Box<Http2Stream>),
}

/// Bytes of a request's body on their way into a stream.
struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl Upstream {
    /// Connects to a server, over HTTP/2 with the head of the request.
    ///
    /// # Errors
    /// The failure of the last server.
    pub(super) async fn connect(
        connector: &Connector,
        route: &mut Route,
        head: &RequestHead,
        framing: Framing,
        reuse: Reuse,
    ) -> Result<Self, Unreachable> {
        let RequestHead::Http2(request) = head else {
            return connector.connect(route, reuse).await.map(Self::Http1);
        };
        let ended = framing == Framing::Nothing;
        // On the heap: plain requests need no room for it.
        let opened = Box::pin(connector.open_stream(route, request, ended)).await;
        opened.map(|stream| Self::Http2(Box::new(stream)))
    }

    /// Whether it is a connection that served another request before, and may have ended just now.
    pub(super) fn is_reused(&self) -> bool {
        matches!(self, Self::Http1(connection) if connection.used)
    }

    /// Receives what comes before the final response's body: bytes of HTTP/1.1, or a head.
    pub(super) fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
        heard: &mut BytesMut,
        most: usize,
    ) -> Poll<Event> {
        match self {
            Self::Http1(_) => {
                let read = ready!(self.poll_read(context, heard, most));
                Poll::Ready(Event::Data(read.unwrap_or(0)))
            }
            Self::Http2(stream) => Poll::Ready(match ready!(stream.poll_answer(context)) {
                Ok(answer) => Event::Head(Box::new(answer)),
                Err(error) => Event::Failed(Failure::of(&error)),
            }),
        }
    }

    /// Notes that the server has answered.
    pub(super) fn answers(&mut self) {
        if let Self::Http1(connection) = self {
            connection.answers();
        }
    }

    /// To be polled while its server is waited for.
    pub(super) fn poll_starving(&mut self, context: &mut Context<'_>) {
        if let Self::Http1(connection) = self {
            connection.poll_starving(context);
        }
    }

    /// Notes that its server did not answer in time: no other request is sent to where this one was.
    pub(super) fn is_late(&self) {
        if let Self::Http2(stream) = self {
            stream.retire();
        }
    }

    /// Sends some of these bytes of a request.
    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        memory: &Arc<Account>,
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Http1(connection) => Pin::new(&mut connection.stream).poll_write(context, bytes),
            Self::Http2(stream) => {
                let room = ready!(stream.poll_room(context, bytes.len()))?;
                let charged = Charged {
                    bytes: Bytes::copy_from_slice(&bytes[..room]),
                    _charge: memory.charge(room),
                };
                stream.send(Bytes::from_owner(charged), false)?;
                Poll::Ready(Ok(room))
            }
        }
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Http1(connection) => Pin::new(&mut connection.stream).poll_flush(context),
            Self::Http2(_) => Poll::Ready(Ok(())),
        }
    }

    /// Ends the body of a request, where the bytes themselves do not.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Http1(_) => Ok(()),
            Self::Http2(stream) => stream.send(Bytes::new(), true),
        }
    }

    /// Ready once a read of the response would not wait.
    pub(super) fn poll_read_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Http1(connection) => connection.stream.poll_read_ready(context),
            Self::Http2(stream) => stream.poll_read_ready(context),
        }
    }

    /// Reads at most so many bytes, into a buffer that is made once some are there.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut BytesMut,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_read_ready(context))?;
        match self {
            Self::Http1(connection) => {
                buffer.reserve(most);
                let mut limited = buffer.limit(most);
                pin!(connection.stream.read_buf(&mut limited)).poll(context)
            }
            Self::Http2(stream) => stream.poll_read(context, buffer, most),
        }
    }

    /// Whether at least so many bytes can be read at once.
    pub(super) fn holds(&self, wanted: &mut [u8]) -> bool {
        match self {
            Self::Http1(connection) => connection.stream.holds(wanted),
            Self::Http2(stream) => stream.ahead() >= wanted.len(),
        }
    }

    /// Bytes that may be received for this response beside what was read; the kernel's do not count.
    pub(super) fn unread(&mut self) -> usize {
        match self {
            Self::Http1(_) => 0,
            Self::Http2(stream) => stream.unread(),
        }
    }

    /// The trailers of a response over HTTP/2, once all of it was read.
    pub(super) fn take_end(&mut self) -> Option<HeaderMap> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(stream) => stream.take_end(),
        }
    }

    /// Keeps a connection that can be used again.
    pub(super) fn keep(self, connector: &Connector) {
        if let Self::Http1(connection) = self {
            connector.keep(connection);
        }
    }
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
