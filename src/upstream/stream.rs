//! The byte stream of an upstream connection: TCP, TLS, or a Unix socket.
//!
//! It reports that bytes have arrived before a reader allocates a buffer for them.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use pingora_core::protocols::{self, ALPN};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// The byte stream of an upstream connection.
pub enum UpstreamStream {
    /// TCP in the clear.
    Plain(TcpStream),
    /// TLS, or a Unix socket.
    Other(Box<Buffered>),
}

/// A stream that is read ahead, as Pingora's streams report no readiness.
pub struct Buffered {
    io: protocols::Stream,
    /// Bytes that were read ahead.
    ahead: BytesMut,
    has_ended: bool,
}

/// Bytes read ahead at most.
const AHEAD: usize = 8 * 1024;

impl UpstreamStream {
    /// Takes a stream of Pingora's connector.
    pub(super) fn other(io: protocols::Stream) -> Self {
        Self::Other(Box::new(Buffered {
            io,
            ahead: BytesMut::new(),
            has_ended: false,
        }))
    }

    /// Ready once bytes, or the end, can be read.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn poll_read_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => stream.poll_read_ready(context),
            Self::Other(stream) => stream.poll_ahead(context),
        }
    }

    /// Reports whether the TLS handshake negotiated HTTP/2 (RFC 9113, section 3.2).
    pub(super) fn has_agreed_to_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Other(stream) => stream.io.selected_alpn_proto() == Some(ALPN::H2),
        }
    }

    /// Reports whether as many bytes as `wanted` has can be read without waiting.
    #[must_use]
    pub fn holds(&self, wanted: &mut [u8]) -> bool {
        match self {
            Self::Plain(stream) => {
                let peeked = stream.peek(wanted).now_or_never();
                matches!(peeked, Some(Ok(read)) if read == wanted.len())
            }
            Self::Other(stream) => stream.ahead.len() >= wanted.len(),
        }
    }

    /// Moves the stream to the runtime of this thread; Pingora's streams stay with theirs.
    ///
    /// # Errors
    /// Those of the registration with the runtime.
    pub(super) fn moved(self) -> io::Result<Self> {
        match self {
            Self::Plain(stream) => Ok(Self::Plain(TcpStream::from_std(stream.into_std()?)?)),
            other => Ok(other),
        }
    }

    /// Reports whether the server has sent no byte and not closed the connection.
    pub(super) fn is_silent(&mut self) -> bool {
        match self {
            // A system call, as the runtime's readiness may be out of date.
            Self::Plain(stream) => {
                let peeked = SockRef::from(&*stream).peek(&mut [MaybeUninit::uninit()]);
                matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Self::Other(stream) => stream.is_silent(),
        }
    }
}

impl Buffered {
    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_ended || !self.ahead.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut space = [const { MaybeUninit::uninit() }; AHEAD];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer))?;
        self.has_ended = buffer.filled().is_empty();
        self.ahead.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }

    fn is_silent(&mut self) -> bool {
        let nothing_read = self.ahead.is_empty() && !self.has_ended;
        nothing_read && self.io.read(&mut [0]).now_or_never().is_none()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_ahead(context))?;
        let read = self.ahead.len().min(out.remaining());
        out.put_slice(&self.ahead[..read]);
        self.ahead.advance(read);
        if self.ahead.is_empty() {
            self.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, out),
            Self::Other(stream) => stream.poll_read(context, out),
        }
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Other(stream) => Pin::new(&mut stream.io).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Other(stream) => Pin::new(&mut stream.io).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Other(stream) => Pin::new(&mut stream.io).poll_shutdown(context),
        }
    }
}
