//! A tunnel between two byte streams, which forwards the bytes of each at the other's pace.
//!
//! It holds no buffer while both are idle. It parses no HTTP, and of WebSocket only the boundaries
//! of frames (`frames`).

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;
use crate::transport::signal::Signal;

/// A tunnel between a client and an upstream connection.
pub(super) struct Tunnel<C, U> {
    client: C,
    upstream: U,
    up: Pipe,
    down: Pipe,
    frames: Frames,
    leaving: bool,
    moved_at: Instant,
}

/// One direction of a tunnel.
#[derive(Default)]
struct Pipe {
    /// Bytes read and not yet written.
    pending: BytesMut,
    /// Set when the source has ended.
    ended: bool,
    /// Set when the sink was shut down.
    shut: bool,
    /// Bytes written.
    moved: u64,
}

/// Bytes read at a time.
const CHUNK: usize = 16 * 1024;
/// Idle timeout of a tunnel of which one side has ended.
const HALF_CLOSED: Duration = Duration::from_secs(60);
/// Close frame with status 1001, going away (RFC 6455, section 7.4.1).
const GOING_AWAY: [u8; 4] = [0x88, 0x02, 0x03, 0xE9];

impl<C, U> Tunnel<C, U>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    /// Joins the two streams; `early` is what the upstream has sent already.
    pub(super) fn new(client: C, upstream: U, early: &[u8]) -> Self {
        let mut frames = Frames::default();
        frames.follow(early);
        Self {
            client,
            upstream,
            up: Pipe::default(),
            down: Pipe {
                pending: early.into(),
                ..Pipe::default()
            },
            frames,
            leaving: false,
            moved_at: Instant::now(),
        }
    }

    /// Runs until both sides have ended, one fails, or no byte was written for `idle`. After
    /// `leave` the client gets a close frame. Returns the bytes sent to the client.
    pub(super) async fn run(mut self, idle: Duration, leave: &Signal) -> u64 {
        loop {
            let wait = self.idle_timeout(idle);
            tokio::select! {
                _ = std::future::poll_fn(|context| self.poll_flow(context)) => break,
                () = tokio::time::sleep(wait) => {
                    if self.idle_timeout(idle).is_zero() {
                        break;
                    }
                }
                () = leave.raised(), if !self.leaving => self.leaving = true,
            }
        }
        self.down.moved
    }

    /// Time until the tunnel has been idle for too long.
    fn idle_timeout(&self, idle: Duration) -> Duration {
        let half = self.up.ended || self.down.ended;
        let limit = if half { idle.min(HALF_CLOSED) } else { idle };
        limit.saturating_sub(self.moved_at.elapsed())
    }

    fn poll_flow(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let before = self.up.moved + self.down.moved;
        self.send_close_frame();
        let up = self
            .up
            .poll(&mut self.client, &mut self.upstream, context, |_| {});
        let frames = &mut self.frames;
        let follow = |bytes: &[u8]| frames.follow(bytes);
        let down = self
            .down
            .poll(&mut self.upstream, &mut self.client, context, follow);
        if self.may_send_close_frame() {
            context.waker().wake_by_ref();
        }
        if self.up.moved + self.down.moved != before {
            self.moved_at = Instant::now();
        }
        match (up, down) {
            (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => Poll::Ready(Err(error)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            _ => Poll::Pending,
        }
    }

    fn may_send_close_frame(&self) -> bool {
        self.leaving && !self.down.ended && self.frames.is_between()
    }

    /// Ends the direction to the client with a close frame, between two frames.
    fn send_close_frame(&mut self) {
        if self.may_send_close_frame() {
            self.down.pending.extend_from_slice(&GOING_AWAY);
            self.down.ended = true;
            self.up.ended = true;
        }
    }
}

impl Pipe {
    fn poll(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
        mut inspect: impl FnMut(&[u8]),
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_drain(to, context))?;
            if self.ended {
                return self.poll_end(to, context);
            }
            let mut space = [const { MaybeUninit::uninit() }; CHUNK];
            let mut buffer = ReadBuf::uninit(&mut space);
            if Pin::new(&mut *from)
                .poll_read(context, &mut buffer)?
                .is_pending()
            {
                ready!(Pin::new(&mut *to).poll_flush(context))?;
                return Poll::Pending;
            }
            inspect(buffer.filled());
            self.ended = buffer.filled().is_empty();
            self.pending.extend_from_slice(buffer.filled());
        }
    }

    fn poll_drain(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(&mut *to).poll_write(context, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.advance(written);
            self.moved += written as u64;
        }
        self.pending = BytesMut::new();
        Poll::Ready(Ok(()))
    }

    fn poll_end(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.shut {
            ready!(Pin::new(to).poll_shutdown(context))?;
            self.shut = true;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_tunnel_forwards_both_directions_and_a_half_close() {
        let (mut client, outer) = duplex(64);
        let (inner, mut upstream) = duplex(64);
        let tunnel = Tunnel::new(outer, inner, b"early ");
        let leave = Signal::default();
        let running = tokio::spawn(async move { tunnel.run(HALF_CLOSED, &leave).await });

        client.write_all(b"up").await.unwrap();
        client.shutdown().await.unwrap();
        let mut up = String::new();
        upstream.read_to_string(&mut up).await.unwrap();
        upstream.write_all(b"down").await.unwrap();
        drop(upstream);
        let mut down = String::new();
        client.read_to_string(&mut down).await.unwrap();

        assert_eq!((up.as_str(), down.as_str()), ("up", "early down"));
        assert_eq!(running.await.unwrap(), 10);
    }

    #[tokio::test]
    async fn a_close_frame_follows_the_end_of_a_frame() {
        let (mut client, outer) = duplex(64);
        let (inner, mut upstream) = duplex(64);
        let tunnel = Tunnel::new(outer, inner, &[0x82, 3, b'a']);
        let leave = Signal::default();
        leave.raise();
        let running = tokio::spawn(async move { tunnel.run(HALF_CLOSED, &leave).await });
        upstream.write_all(b"bc").await.unwrap();
        let mut down = Vec::new();
        client.read_to_end(&mut down).await.unwrap();
        assert_eq!(down, [0x82, 3, b'a', b'b', b'c', 0x88, 2, 3, 0xE9]);
        running.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_tunnel_ends() {
        let (_client, outer) = duplex(64);
        let (inner, _upstream) = duplex(64);
        let tunnel = Tunnel::new(outer, inner, b"");
        tunnel
            .run(Duration::from_millis(5), &Signal::default())
            .await;
    }
}
