//! One request on a connection of HTTP/2, and its response: read as the bytes of a connection are.
//!
//! A stream that is dropped before its end is reset with CANCEL (RFC 9113, section 7).

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::{Reason, RecvStream, SendStream, client::ResponseFuture};
use http::{HeaderMap, Response};

use super::{connection::WINDOW, connections::Claimed};

/// A request on its way, and the response as far as it was not read.
pub struct Http2Stream {
    response: ResponseFuture,
    sender: SendStream<Bytes>,
    receiver: Option<RecvStream>,
    /// What was received and not read.
    ahead: Bytes,
    /// The trailers, once the response has ended.
    end: Option<HeaderMap>,
    // After the stream's own parts, which reset it: room is free only then.
    claimed: Claimed,
}

/// The head of a response.
pub enum Http2Answer {
    /// An interim one.
    Interim(Response<()>),
    /// The final one.
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

    /// The next head.
    ///
    /// # Errors
    /// When the stream is reset or its connection ends; [`is_unprocessed`] says whether the request
    /// may be sent again.
    pub fn poll_answer(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Http2Answer, h2::Error>> {
        if let Poll::Ready(Some(interim)) = self.response.poll_informational(context) {
            return Poll::Ready(self.noted(interim).map(Http2Answer::Interim));
        }
        let answered = ready!(Pin::new(&mut self.response).poll(context));
        let (head, receiver) = self.noted(answered)?.into_parts();
        self.receiver = Some(receiver);
        self.note_end();
        Poll::Ready(Ok(Http2Answer::Final(Response::from_parts(head, ()))))
    }

    /// How many of so many bytes of the body may be sent now, one at least.
    ///
    /// # Errors
    /// When the server takes no more of it.
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

    /// Sends bytes of the body, as many as there is room for.
    ///
    /// # Errors
    /// When the server takes no more of it.
    pub fn send(&mut self, bytes: Bytes, ended: bool) -> io::Result<()> {
        let sent = self.sender.send_data(bytes, ended);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Ready once a read would not wait.
    ///
    /// # Errors
    /// `UnexpectedEof` with the cause, when the body breaks off.
    pub fn poll_read_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.ahead.is_empty() && self.end.is_none() {
            let Some(receiver) = &mut self.receiver else {
                return Poll::Pending;
            };
            match ready!(receiver.poll_data(context)) {
                Some(Ok(piece)) => self.ahead = piece,
                Some(Err(error)) if is_complete(&error) => self.end = Some(HeaderMap::new()),
                Some(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                None => match ready!(receiver.poll_trailers(context)) {
                    Ok(trailers) => self.end = Some(trailers.unwrap_or_default()),
                    Err(error) => return Poll::Ready(Err(self.broken(error))),
                },
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads at most so many bytes; none at the response's end. Their window is given back.
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
            // A stream that was reset has no window.
            receiver.flow_control().release_capacity(read).ok();
        }
        self.note_end();
        Poll::Ready(Ok(read))
    }

    /// Bytes that may be received and not read: the window, once the server is ahead of the client.
    pub fn unread(&mut self) -> usize {
        let receiver = self.receiver.as_mut();
        let used = receiver.map_or(0, |receiver| receiver.flow_control().used_capacity());
        if used > 0 { WINDOW as usize } else { 0 }
    }

    /// Bytes of them that can be read at once.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// The trailers, once all of the response was read.
    pub fn take_end(&mut self) -> Option<HeaderMap> {
        self.end.take_if(|_| self.ahead.is_empty())
    }

    /// Has no further request sent on its connection, which does not answer.
    pub fn retire(&self) {
        self.claimed.retire();
    }

    /// Notes the end of a response without trailers, where it is known already.
    fn note_end(&mut self) {
        let ended = |receiver: &RecvStream| receiver.is_end_stream();
        if self.ahead.is_empty() && self.end.is_none() && self.receiver.as_ref().is_some_and(ended)
        {
            self.end = Some(HeaderMap::new());
        }
    }

    fn noted<T>(&self, result: Result<T, h2::Error>) -> Result<T, h2::Error> {
        if let Err(error) = &result
            && !error.is_reset()
        {
            self.retire();
        }
        result
    }

    fn broken(&self, error: h2::Error) -> io::Error {
        let error = self.noted(Err::<(), _>(error)).err();
        match error {
            Some(error) => io::Error::new(io::ErrorKind::UnexpectedEof, error),
            None => io::ErrorKind::UnexpectedEof.into(),
        }
    }
}

/// Whether the server says that it has not processed the request, which may be sent again then
/// whatever its method (RFC 9113, section 8.7).
#[must_use]
pub fn is_unprocessed(error: &h2::Error) -> bool {
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    error.is_remote() && (refused || error.is_go_away())
}

/// Whether the server has no use for the rest of the request, after a whole response (RFC 9113,
/// section 8.1). `h2` does not tell whether END_STREAM came before; a Content-Length does.
fn is_complete(error: &h2::Error) -> bool {
    error.is_reset() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR)
}
