//! A client's connection: bytes, cut to one request at a time.
//!
//! A reader of [`Conn`] sees the body of exactly one request. What a client
//! sends beyond it (pipelining) stays here for the next head, and a cut
//! (revocation, shutdown) ends every read and write at once.

mod frames;
mod reading;

use std::{
    fmt,
    future::Future,
    io,
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
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{budget::Charge, link::Link, stall::Stall, transport::Transport};

use self::frames::Frames;
pub(super) use self::frames::Gate;
pub use self::reading::Passing;

/// A client's connection.
pub struct Conn {
    io: Transport,
    link: Arc<Link>,
    unread: BytesMut,
    passing: Passing,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    stall: Stall,
    /// Follows the frames of HTTP/2.
    frames: Option<Box<Frames>>,
    /// The memory that `unread` occupies.
    held: Charge,
}

/// Read at a time from the transport.
const CHUNK: usize = 8 * 1024;

impl Conn {
    /// A connection after its handshake; each header block of HTTP/2 has to be whole within
    /// `header_time`.
    #[must_use]
    pub fn new(io: Transport, link: Arc<Link>, header_time: Duration) -> Self {
        let cut = Box::pin(link.cut.clone().cancelled_owned());
        let frames = || Box::new(Frames::new(header_time, link.leave.clone()));
        Self {
            frames: io.is_http2().then(frames),
            io,
            held: link.memory.charge(0),
            link,
            unread: BytesMut::new(),
            passing: Passing::All,
            cut,
            stall: Stall::default(),
        }
    }

    /// What is known of the connection.
    #[must_use]
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Whether HTTP/2 was agreed on.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.io.is_http2()
    }

    /// What holds the frames of HTTP/2 back.
    pub(super) fn gate(&self) -> Option<Arc<Gate>> {
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
    pub fn pass(&mut self, passing: Passing) {
        self.passing = passing;
    }

    /// Whether readers have seen all they may.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        matches!(self.passing, Passing::Bytes(0))
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
        std::future::poll_fn(|context| {
            ready!(self.poll_cut(context))?;
            self.poll_receive(context)
        })
        .await
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
        self.stall.earn(left);
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
        match self.cut.as_mut().poll(context) {
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
        let watched = self.stall.watch(context, written);
        let late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        if matches!(&watched, Poll::Ready(Err(error)) if late(error)) {
            self.tcp().set_zero_linger().ok();
        }
        watched
    }
}

impl AsyncWrite for Conn {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let conn = self.get_mut();
        ready!(conn.poll_cut(context))?;
        let written = conn.io.poll_write(context, bytes);
        conn.wrote(std::iter::once(bytes), &written);
        conn.watch(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let conn = self.get_mut();
        ready!(conn.poll_cut(context))?;
        let written = conn.io.poll_write_vectored(context, slices);
        conn.wrote(slices.iter().map(|slice| &**slice), &written);
        conn.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let conn = self.get_mut();
        ready!(conn.poll_cut(context))?;
        let flushed = conn.io.poll_flush(context);
        conn.watch(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let conn = self.get_mut();
        ready!(conn.poll_cut(context))?;
        let shut = conn.io.poll_shutdown(context);
        conn.watch(context, shut)
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn")
            .field("peer", &self.link.peer)
            .field("passing", &self.passing)
            .finish_non_exhaustive()
    }
}
