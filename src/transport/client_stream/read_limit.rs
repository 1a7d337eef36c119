//! What a reader of the connection sees: one request at a time, however much has come.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

use super::{ClientStream, frames::Next};
use crate::transport::chunked::{Chunks, Unwrapped};

/// What a reader of the connection may see.
#[derive(Debug)]
pub enum ReadLimit {
    /// Everything: HTTP/2, tunnels.
    All,
    /// So many bytes; after them only whether the client is still there.
    Bytes(u64),
    /// A body out of its chunks, to its end; its trailers are dropped.
    Chunked(Chunks),
}

/// How much of what a client sends ahead of its turn is kept.
const AHEAD: usize = 16 * 1024;

impl ClientStream {
    /// After the request: keeps what comes early, reports only the end of the connection.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unread.len() < AHEAD {
            if ready!(self.poll_receive(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// Takes what was handed out from what may still be.
    fn passed(&mut self, bytes: usize) {
        if let ReadLimit::Bytes(left) = &mut self.read_limit {
            *left -= bytes as u64;
        }
    }

    /// Hands out the data of a chunked body, and nothing behind its end.
    fn poll_chunks(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while let ReadLimit::Chunked(chunks) = &mut self.read_limit {
            let most = self.unread.len().min(out.remaining());
            let mut unwrapped = Unwrapped::default();
            let belong = chunks.unwrap(&self.unread[..most], &mut unwrapped)?;
            if chunks.have_ended() {
                self.read_limit = ReadLimit::Bytes(0);
            }
            self.consume(belong);
            out.put_slice(&unwrapped.data);
            if !unwrapped.data.is_empty() {
                break;
            }
            let is_more_due =
                matches!(self.read_limit, ReadLimit::Chunked(_)) && self.unread.is_empty();
            if is_more_due && ready!(self.poll_receive(context))? == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Hands out everything.
    fn poll_all(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.frames {
            Some(_) => self.poll_frames(context, out),
            None => self.poll_pass(context, out, usize::MAX).map_ok(|_| ()),
        }
    }

    /// Hands out the frames that may go on.
    fn poll_frames(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(frames) = &mut self.frames {
            if frames.is_shut() {
                return Poll::Pending;
            }
            if frames.passing > 0 {
                let most = frames.passing;
                let read = ready!(self.poll_pass(context, out, most))?;
                self.frames
                    .iter_mut()
                    .for_each(|frames| frames.passed(read));
                return Poll::Ready(Ok(()));
            }
            if let Next::Incomplete = frames.next(&self.unread)
                && ready!(self.poll_next(context))? == 0
            {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// Receives more of a frame, in its time.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let received = self.poll_receive(context);
        if let (Poll::Pending, Some(frames)) = (&received, &mut self.frames) {
            frames.watch(context, &self.unread);
        }
        received
    }

    /// Hands out at most `most` bytes: straight from the transport where nothing can come too far.
    fn poll_pass(
        &mut self,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        let before = out.filled().len();
        if self.unread.is_empty() && most >= out.remaining() {
            ready!(self.io.poll_read(context, out))?;
            return Poll::Ready(Ok(out.filled().len() - before));
        }
        if self.unread.is_empty() && ready!(self.poll_receive(context))? == 0 {
            return Poll::Ready(Ok(0));
        }
        let read = most.min(self.unread.len()).min(out.remaining());
        out.put_slice(&self.unread.split_to(read));
        self.account();
        Poll::Ready(Ok(read))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let client = self.get_mut();
        ready!(client.poll_cut(context))?;
        match &mut client.read_limit {
            ReadLimit::All => client.poll_all(context, out),
            ReadLimit::Bytes(0) => client.poll_gone(context),
            ReadLimit::Bytes(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let read = ready!(client.poll_pass(context, out, most))?;
                client.passed(read);
                Poll::Ready(Ok(()))
            }
            ReadLimit::Chunked(_) => client.poll_chunks(context, out),
        }
    }
}
