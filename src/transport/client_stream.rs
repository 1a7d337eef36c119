//! The byte stream of a client's connection, limited to one request at a time.
//!
//! A reader of [`ClientStream`] sees the content of exactly one request. Pipelined bytes stay for
//! the next head. A cut (revocation, shutdown) ends every read and write at once.

mod frame_limit;
mod frames;
mod read_limit;

use std::{
    fmt, io,
    mem::{self, MaybeUninit},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
};

use self::frames::Frames;
use super::{
    connection_info::ConnectionInfo, memory_budget::Charge, signal::Waiter, socket::Socket,
    write_timeout::WriteTimeout,
};

pub(crate) use self::frames::Gate;
pub use self::read_limit::ReadLimit;

/// The byte stream of a client's connection.
pub struct ClientStream {
    io: Socket,
    connection: Arc<ConnectionInfo>,
    /// Bytes received and not yet read.
    unread: BytesMut,
    read_limit: ReadLimit,
    cut: Waiter,
    write_timeout: WriteTimeout,
    /// The frames of an HTTP/2 connection.
    frames: Option<Box<Frames>>,
    /// The charge for `unread`.
    held: Charge,
}

/// Bytes received at a time.
const CHUNK: usize = 8 * 1024;

impl ClientStream {
    /// A connection after its handshake. Each field block of HTTP/2 has to arrive whole within
    /// `header_time`.
    #[must_use]
    pub fn new(io: Socket, connection: Arc<ConnectionInfo>, header_time: Duration) -> Self {
        let cut = connection.cut.waiter();
        let frames = || Box::new(Frames::new(header_time, connection.leave.clone()));
        Self {
            frames: io.is_http2().then(frames),
            io,
            held: connection.memory.charge(0),
            connection,
            unread: BytesMut::new(),
            read_limit: ReadLimit::All,
            cut,
            write_timeout: WriteTimeout::default(),
        }
    }

    /// The properties of the connection.
    #[must_use]
    pub fn connection(&self) -> &Arc<ConnectionInfo> {
        &self.connection
    }

    /// Reports whether ALPN selected HTTP/2.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.io.is_http2()
    }

    /// The gate that holds HTTP/2 frames back.
    pub(crate) fn gate(&self) -> Option<Arc<Gate>> {
        self.frames.as_ref().map(|frames| frames.gate())
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        self.io.tcp()
    }

    /// Bytes received and not yet read.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Sets the limit of the next reads.
    pub fn limit_reads(&mut self, read_limit: ReadLimit) {
        self.read_limit = read_limit;
    }

    /// Reports whether the content was read whole.
    #[must_use]
    pub fn has_reached_limit(&self) -> bool {
        matches!(self.read_limit, ReadLimit::Bytes(0))
    }

    /// Takes received bytes; their charge ends.
    pub fn take(&mut self, bytes: usize) -> BytesMut {
        // Without pipelined bytes no buffer is shared.
        let taken = match bytes == self.unread.len() {
            true => mem::take(&mut self.unread),
            false => self.unread.split_to(bytes),
        };
        self.account();
        taken
    }

    /// Drops received bytes.
    pub fn consume(&mut self, bytes: usize) {
        self.unread.advance(bytes);
        self.account();
    }

    /// Receives bytes into `unread` and returns their number; holds no buffer while it waits.
    ///
    /// # Errors
    /// Those of the socket, and `ConnectionAborted` on a cut connection.
    pub async fn receive(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|context| self.poll_more(context)).await
    }

    /// Polls [`Self::receive`].
    pub(crate) fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        ready!(self.poll_cut(context))?;
        self.poll_receive(context)
    }

    /// Sends a head and content, in one write where the socket takes both.
    ///
    /// # Errors
    /// Those of the socket, and `ConnectionAborted` on a cut connection.
    pub async fn send_both(&mut self, head: &[u8], content: &[u8]) -> io::Result<()> {
        if content.is_empty() {
            return self.send(head).await;
        }
        let slices = [io::IoSlice::new(head), io::IoSlice::new(content)];
        let sent = self.write_vectored(&slices).await?;
        self.write_all(head.get(sent..).unwrap_or_default()).await?;
        self.send(&content[sent.saturating_sub(head.len())..]).await
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// Those of the socket, and `ConnectionAborted` on a cut connection.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes).await?;
        self.flush().await
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::uninit() }; CHUNK];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(self.io.poll_read(context, &mut buffer))?;
        self.unread.extend_from_slice(buffer.filled());
        self.account();
        Poll::Ready(Ok(buffer.filled().len()))
    }

    /// Charges the buffers; an empty one is freed.
    fn account(&mut self) {
        if self.unread.is_empty() {
            self.unread = BytesMut::new();
        }
        let of_frames = self.frames.as_ref().map_or(0, |frames| frames.held());
        self.held.resize(self.unread.len() + of_frames);
    }

    /// Notes written bytes.
    fn wrote<'b>(
        &mut self,
        slices: impl Iterator<Item = &'b [u8]>,
        written: &Poll<io::Result<usize>>,
    ) {
        let Poll::Ready(Ok(mut left)) = *written else {
            return;
        };
        self.write_timeout.earn(left);
        let Some(frames) = &mut self.frames else {
            return;
        };
        for slice in slices {
            let some = left.min(slice.len());
            frames.sent(&slice[..some]);
            left -= some;
        }
    }

    /// Ready with an error once the connection is cut, otherwise without one.
    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.cut.poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    /// Passes on the result of a write. After a timeout the socket is reset on close, so that the
    /// kernel discards unsent bytes.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let watched = self.write_timeout.watch(context, written);
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        if matches!(&watched, Poll::Ready(Err(error)) if timed_out(error)) {
            self.tcp().set_zero_linger().ok();
        }
        watched
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let client = self.get_mut();
        ready!(client.poll_cut(context))?;
        let written = client.io.poll_write(context, bytes);
        client.wrote(std::iter::once(bytes), &written);
        client.watch(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let client = self.get_mut();
        ready!(client.poll_cut(context))?;
        let written = client.io.poll_write_vectored(context, slices);
        client.wrote(slices.iter().map(|slice| &**slice), &written);
        client.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let client = self.get_mut();
        ready!(client.poll_cut(context))?;
        let flushed = client.io.poll_flush(context);
        client.watch(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let client = self.get_mut();
        ready!(client.poll_cut(context))?;
        let shut = client.io.poll_shutdown(context);
        client.watch(context, shut)
    }
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStream")
            .field("peer", &self.connection.peer)
            .field("read_limit", &self.read_limit)
            .finish_non_exhaustive()
    }
}
