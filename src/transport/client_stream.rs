//! A client's connection: bytes, cut to one request at a time.
//!
//! A reader of [`ClientStream`] sees the body of exactly one request. What a client
//! sends beyond it (pipelining) stays here for the next head, and a cut
//! (revocation, shutdown) ends every read and write at once.

mod frame_limit;
mod frames;
mod read_limit;

use std::{
    fmt, io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
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

/// A client's connection.
pub struct ClientStream {
    io: Socket,
    connection: Arc<ConnectionInfo>,
    unread: BytesMut,
    read_limit: ReadLimit,
    cut: Waiter,
    write_timeout: WriteTimeout,
    /// Follows the frames of HTTP/2.
    frames: Option<Box<Frames>>,
    /// The memory that `unread` occupies.
    held: Charge,
}

/// Read at a time from the transport.
const CHUNK: usize = 8 * 1024;

impl ClientStream {
    /// A connection after its handshake; each header block of HTTP/2 has to be whole within
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

    /// What is known of the connection.
    #[must_use]
    pub fn connection(&self) -> &Arc<ConnectionInfo> {
        &self.connection
    }

    /// Whether HTTP/2 was agreed on.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.io.is_http2()
    }

    /// What holds the frames of HTTP/2 back.
    pub(crate) fn gate(&self) -> Option<Arc<Gate>> {
        self.frames.as_ref().map(|frames| frames.gate())
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        self.io.tcp()
    }

    /// What has been received and not yet read.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Sets what readers may see from here on.
    pub fn limit_reads(&mut self, read_limit: ReadLimit) {
        self.read_limit = read_limit;
    }

    /// Whether readers have seen all they may.
    #[must_use]
    pub fn has_reached_limit(&self) -> bool {
        matches!(self.read_limit, ReadLimit::Bytes(0))
    }

    /// Takes bytes out of what was received; whoever holds them accounts for them.
    pub fn take(&mut self, bytes: usize) -> Bytes {
        let taken = self.unread.split_to(bytes).freeze();
        self.account();
        taken
    }

    /// Drops bytes from what was received.
    pub fn consume(&mut self, bytes: usize) {
        self.unread.advance(bytes);
        self.account();
    }

    /// Receives more into `unread`; holds no buffer while it waits.
    ///
    /// # Errors
    /// Those of the transport; a cut connection reads as `ConnectionAborted`.
    pub async fn receive(&mut self) -> io::Result<usize> {
        std::future::poll_fn(|context| self.poll_more(context)).await
    }

    /// The same, polled.
    pub(crate) fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        ready!(self.poll_cut(context))?;
        self.poll_receive(context)
    }

    /// Sends all bytes.
    ///
    /// # Errors
    /// Those of the transport.
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

    /// Charges what is held now; an empty buffer is freed.
    fn account(&mut self) {
        if self.unread.is_empty() {
            self.unread = BytesMut::new();
        }
        let of_frames = self.frames.as_ref().map_or(0, |frames| frames.held());
        self.held.resize(self.unread.len() + of_frames);
    }

    /// Notes bytes that were sent.
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

    /// Ready with an error once the connection is cut; ready with nothing until then.
    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.cut.poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    /// What became of a write; once it has waited for too long, the kernel keeps nothing of what
    /// the peer would not take.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let watched = self.write_timeout.watch(context, written);
        let late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        if matches!(&watched, Poll::Ready(Err(error)) if late(error)) {
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
            .field("passing", &self.read_limit)
            .finish_non_exhaustive()
    }
}
