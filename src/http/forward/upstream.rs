//! The upstream of a forwarded request: an HTTP/1.1 connection, or an HTTP/2 stream on a shared
//! connection.

use std::{
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::{
    event::{Event, Failure, PIECE},
    framing::Framing,
    request_head::RequestHead,
};
use crate::{
    transport::memory_budget::{Account, Charge},
    upstream::{Connector, Http2Stream, Reuse, Route, Unreachable, UpstreamConnection},
};

/// The upstream of a forwarded request.
pub(super) enum Upstream {
    /// An HTTP/1.1 connection.
    Http1(UpstreamConnection),
    /// An HTTP/2 stream.
    Http2(Box<Http2Stream>),
}

/// Content of a request that is queued in an HTTP/2 stream.
struct Charged {
    bytes: Bytes,
    _charge: Charge,
}

impl Upstream {
    /// Connects to a server of the route; over HTTP/2 this sends the request's head.
    ///
    /// # Errors
    /// No server of the route can be reached; the failure of the last one.
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
        // On the heap, so that the future of an HTTP/1.1 request stays small.
        let opened = Box::pin(connector.open_stream(route, request, ended)).await;
        opened.map(|stream| Self::Http2(Box::new(stream)))
    }

    /// Reports whether the connection served another request before; it may have closed since.
    pub(super) fn is_reused(&self) -> bool {
        matches!(self, Self::Http1(connection) if connection.used)
    }

    /// Receives the next part of a response's head: bytes of HTTP/1.1, or a head of HTTP/2.
    pub(super) fn poll_response(
        &mut self,
        context: &mut Context<'_>,
        received: &mut BytesMut,
        most: usize,
    ) -> Poll<Event> {
        match self {
            Self::Http1(connection) => {
                // A head is mostly much smaller than the buffer.
                let mut space = [const { MaybeUninit::uninit() }; PIECE];
                let mut buffer = ReadBuf::uninit(&mut space[..most.min(PIECE)]);
                let read = ready!(Pin::new(&mut connection.stream).poll_read(context, &mut buffer));
                received.put_slice(buffer.filled());
                Poll::Ready(Event::Data(read.map_or(0, |()| buffer.filled().len())))
            }
            Self::Http2(stream) => Poll::Ready(match ready!(stream.poll_response(context)) {
                Ok(response) => Event::Head(Box::new(response)),
                Err(error) => Event::Failed(Failure::new(&error)),
            }),
        }
    }

    /// Notes that the server responds.
    pub(super) fn mark_responded(&mut self) {
        if let Self::Http1(connection) = self {
            connection.mark_responded();
        }
    }

    /// Closes idle connections to the server while it does not respond on a new one. Polled while
    /// a response is awaited.
    pub(super) fn poll_starving(&mut self, context: &mut Context<'_>) {
        if let Self::Http1(connection) = self {
            connection.poll_starving(context);
        }
    }

    /// Notes that the server did not respond in time: its HTTP/2 connection gets no new stream.
    pub(super) fn retire(&self) {
        if let Self::Http2(stream) = self {
            stream.retire();
        }
    }

    /// Sends some of these bytes of a request; returns their number.
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

    /// Ends the content of a request over HTTP/2; over HTTP/1.1 its framing does.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Http1(_) => Ok(()),
            Self::Http2(stream) => stream.send(Bytes::new(), true),
        }
    }

    /// Ready once content of the response, or its end, can be read.
    pub(super) fn poll_read_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Http1(connection) => connection.stream.poll_read_ready(context),
            Self::Http2(stream) => stream.poll_read_ready(context),
        }
    }

    /// Reads at most `most` bytes; allocates the buffer only once bytes can be read.
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

    /// Reports whether as many bytes as `wanted` has can be read without waiting.
    pub(super) fn holds(&self, wanted: &mut [u8]) -> bool {
        match self {
            Self::Http1(connection) => connection.stream.holds(wanted),
            Self::Http2(stream) => stream.ahead() >= wanted.len(),
        }
    }

    /// Bytes of the response that `h2` may hold unread; those in the kernel do not count.
    pub(super) fn unread(&mut self) -> usize {
        match self {
            Self::Http1(_) => 0,
            Self::Http2(stream) => stream.unread(),
        }
    }

    /// The trailer section of a response over HTTP/2, once all content was read.
    pub(super) fn take_end(&mut self) -> Option<HeaderMap> {
        match self {
            Self::Http1(_) => None,
            Self::Http2(stream) => stream.take_end(),
        }
    }

    /// Returns a reusable connection to the pool.
    pub(super) fn store(self, connector: &Connector) {
        if let Self::Http1(connection) = self {
            connector.store(connection);
        }
    }
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
