//! The limit of reads, by which a reader sees the content of one request only.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

use super::{ClientStream, frames::Next};
use crate::transport::chunked::{Chunks, Unwrapped};

/// The bytes that a reader of the connection sees.
#[derive(Debug)]
pub enum ReadLimit {
    /// All bytes, for HTTP/2 and tunnels.
    All,
    /// This many bytes, and after them only the end of the connection.
    Bytes(u64),
    /// The content of a chunked body; its trailer section is dropped.
    Chunked(Chunks),
}

/// Bytes of pipelined requests that are received ahead.
const AHEAD: usize = 16 * 1024;

impl ClientStream {
    /// After the content, receives pipelined bytes; ready only at the end of the connection.
    fn poll_close(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.unread.len() < AHEAD {
            if ready!(self.poll_receive(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Pending
    }

    /// Subtracts the bytes that were read from the limit.
    fn passed(&mut self, bytes: usize) {
        if let ReadLimit::Bytes(left) = &mut self.read_limit {
            *left -= bytes as u64;
        }
    }

    /// Reads the content of a chunked body, to its end.
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
            let is_incomplete =
                matches!(self.read_limit, ReadLimit::Chunked(_)) && self.unread.is_empty();
            if is_incomplete && ready!(self.poll_receive(context))? == 0 {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads all bytes.
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

    /// Reads the frames that the gate lets pass.
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

    /// Receives more of a frame, within its time.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let received = self.poll_receive(context);
        if let (Poll::Pending, Some(frames)) = (&received, &mut self.frames) {
            frames.watch(context, &self.unread);
        }
        received
    }

    /// Reads at most `most` bytes; directly from the socket if the buffer takes no more than that.
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
            ReadLimit::Bytes(0) => client.poll_close(context),
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
