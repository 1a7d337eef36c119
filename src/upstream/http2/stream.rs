//! One request on an HTTP/2 connection, and its response, with the reads of a byte stream.
//!
//! A stream dropped before its end is reset with CANCEL (RFC 9113, section 7).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::{Reason, RecvStream, SendStream, client::ResponseFuture};
use http::{HeaderMap, Response};

use super::{connection::WINDOW, connections::Claimed};

/// A request and its response on an HTTP/2 stream.
pub struct Http2Stream {
    response: ResponseFuture,
    sender: SendStream<Bytes>,
    receiver: Option<RecvStream>,
    /// Content that was received and not read.
    ahead: Bytes,
    /// The trailer section, once the response has ended.
    end: Option<HeaderMap>,
    // Dropped last, as the stream counts until its reset.
    claimed: Claimed,
}

/// The head of a response.
pub enum Http2Answer {
    /// Of an interim response.
    Interim(Response<()>),
    /// Of the final response.
    Final(Response<()>),
}

impl Http2Stream {
    pub(super) fn new(
        claimed: Claimed,
        response: ResponseFuture,
        sender: SendStream<Bytes>,
    ) -> Self {
        Self {
            response,
            sender,
            receiver: None,
            ahead: Bytes::new(),
            end: None,
            claimed,
        }
    }

    /// Receives the next head.
    ///
    /// # Errors
    /// If the stream is reset or its connection ends; [`is_unprocessed`] reports whether the
    /// request may be sent again.
    pub fn poll_response(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Http2Answer, h2::Error>> {
        if let Poll::Ready(Some(interim)) = self.response.poll_informational(context) {
            return Poll::Ready(self.checked(interim).map(Http2Answer::Interim));
        }
        let response = ready!(Pin::new(&mut self.response).poll(context));
        let (head, receiver) = self.checked(response)?.into_parts();
        self.receiver = Some(receiver);
        self.note_end();
        Poll::Ready(Ok(Http2Answer::Final(Response::from_parts(head, ()))))
    }

    /// Waits until the window takes content; returns the number of bytes, at most `most`.
    ///
    /// # Errors
    /// If the server accepts no more content.
    pub fn poll_room(&mut self, context: &mut Context<'_>, most: usize) -> Poll<io::Result<usize>> {
        self.sender.reserve_capacity(most);
        loop {
            let room = self.sender.capacity();
            if room > 0 {
                return Poll::Ready(Ok(room.min(most)));
            }
            let granted = ready!(self.sender.poll_capacity(context));
            if !matches!(granted, Some(Ok(_))) {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
    }

    /// Sends content, no more than the window takes.
    ///
    /// # Errors
    /// If the server accepts no more content.
    pub fn send(&mut self, bytes: Bytes, ended: bool) -> io::Result<()> {
        let sent = self.sender.send_data(bytes, ended);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Ready once content, or the end, can be read.
    ///
    /// # Errors
    /// `UnexpectedEof` with the cause, if the content is incomplete.
    pub fn poll_read_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ahead.is_empty() && self.end.is_none() {
            let Some(receiver) = &mut self.receiver else {
                return Poll::Pending;
            };
            match ready!(receiver.poll_data(context)) {
                Some(Ok(piece)) => self.ahead = piece,
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => match ready!(receiver.poll_trailers(context)) {
                    Ok(trailers) => self.end = Some(trailers.unwrap_or_default()),
                    Err(error) => return Poll::Ready(Err(self.broken(error))),
                },
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads at most `most` bytes and releases their window; 0 at the end of the response.
    ///
    /// # Errors
    /// Those of [`Self::poll_read_ready`].
    pub fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut BytesMut,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_read_ready(context))?;
        let read = self.ahead.len().min(most);
        buffer.put_slice(&self.ahead[..read]);
        self.ahead.advance(read);
        if let Some(receiver) = &mut self.receiver {
            // Fails on a stream that was reset.
            receiver.flow_control().release_capacity(read).ok();
        }
        self.note_end();
        Poll::Ready(Ok(read))
    }

    /// Bytes that may be received and not read: the whole window, once some of it is used.
    pub fn unread(&mut self) -> usize {
        let receiver = self.receiver.as_mut();
        let used = receiver.map_or(0, |receiver| receiver.flow_control().used_capacity());
        if used > 0 { WINDOW as usize } else { 0 }
    }

    /// Bytes that can be read without waiting.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// Takes the trailer section, once all content was read.
    pub fn take_end(&mut self) -> Option<HeaderMap> {
        self.end.take_if(|_| self.ahead.is_empty())
    }

    /// Excludes the connection, which does not respond, from new streams.
    pub fn retire(&self) {
        self.claimed.retire();
    }

    /// Notes the end of a response without a trailer section, if it has arrived.
    fn note_end(&mut self) {
        let ended = |receiver: &RecvStream| receiver.is_end_stream();
        if self.ahead.is_empty() && self.end.is_none() && self.receiver.as_ref().is_some_and(ended)
        {
            self.end = Some(HeaderMap::new());
        }
    }

    /// Retires the connection on an error that is no reset of the stream.
    fn checked<T>(&self, result: Result<T, h2::Error>) -> Result<T, h2::Error> {
        if let Err(error) = &result
            && !error.is_reset()
        {
            self.retire();
        }
        result
    }

    fn broken(&self, error: h2::Error) -> io::Error {
        let error = self.checked(Err::<(), _>(error)).err();
        match error {
            Some(error) => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            None => io::ErrorKind::UnexpectedEof.into(),
        }
    }
}

/// Reports whether the server has not processed the request, which may then be sent again with any
/// method (RFC 9113, section 8.7).
#[must_use]
pub fn is_unprocessed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}
