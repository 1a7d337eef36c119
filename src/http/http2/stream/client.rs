//! The stream as the client of a forwarded request.

use std::{
    io,
    task::{Context, Poll, ready},
};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::Stream;
use crate::http::forward::{client::Client, headers::HeaderEdits, response_head::ResponseHead};

/// Interim responses to one request at most: flow control does not limit HEADERS frames.
const MOST_INTERIM: usize = 32;

impl Client for Stream {
    type ResponseHead = Response<()>;

    const TAKES_CHUNKS: bool = false;

    const GATHERS: bool = false;

    fn has_sent(&self) -> bool {
        self.has_sent
    }

    fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        loop {
            let piece = match ready!(self.poll_piece(context)) {
                Ok(Some(piece)) => piece,
                Ok(None) => return Poll::Ready(Ok(0)),
                Err(_) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            };
            body.put_slice(&piece);
            // A frame may be empty and not the last.
            if !piece.is_empty() || self.has_sent {
                return Poll::Ready(Ok(piece.len()));
            }
        }
    }

    /// Releases the window of the forwarded bytes, so that the content of all streams occupies no
    /// more than the connection's window.
    fn has_forwarded(&mut self) {
        let bytes = std::mem::take(&mut self.unforwarded);
        if bytes > 0 {
            // Fails on a stream that was reset.
            self.body.flow_control().release_capacity(bytes).ok();
        }
    }

    fn poll_disconnected(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let reset = match &mut self.writer {
            Some(writer) => writer.poll_reset(context),
            None => self.responder.poll_reset(context),
        };
        reset.map(|_| ())
    }

    fn response_head(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        _connection: Option<&'static str>,
    ) -> Option<Response<()>> {
        let mut response = Response::new(());
        *response.status_mut() = head.status;
        for (name, value) in edits.changed(&head.fields) {
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value).ok()?;
            response.headers_mut().append(name, value);
        }
        Some(response)
    }

    fn set_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = Some(trailers);
    }

    fn room(&mut self, most: usize) -> usize {
        let Some(writer) = &mut self.writer else {
            return 0;
        };
        let most = self.connection.memory.queueable(most);
        writer.reserve_capacity(most);
        writer.capacity().min(most)
    }

    async fn wait_for_room(&mut self, most: usize) -> io::Result<()> {
        self.granted(most).await.map(|_| ())
    }

    async fn send_interim(&mut self, head: Response<()>) -> io::Result<()> {
        self.interim += 1;
        if self.interim > MOST_INTERIM {
            return Ok(());
        }
        self.responder
            .send_informational(head)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn begin(
        &mut self,
        head: Response<()>,
        first: &mut BytesMut,
        ended: bool,
    ) -> io::Result<()> {
        let bare = ended && first.is_empty() && self.trailers.is_none();
        self.start(head, bare)?;
        if bare || (first.is_empty() && !ended) {
            return Ok(());
        }
        let _waiting = self.connection.memory.charge(first.len());
        self.send(first, ended).await
    }

    async fn send(&mut self, piece: &mut BytesMut, ended: bool) -> io::Result<()> {
        let mut left = take_bytes(piece);
        while !left.is_empty() {
            let granted = match self.room(left.len()) {
                0 => self.granted(left.len()).await?,
                room => room,
            };
            let some = left.split_to(granted.min(left.len()));
            let last = ended && left.is_empty();
            self.send_now(some, last)?;
            if last {
                return Ok(());
            }
        }
        if ended {
            return self.send_now(Bytes::new(), true);
        }
        self.unreserve();
        Ok(())
    }
}

/// Takes the bytes of a buffer; copies them out of a buffer that is much larger.
fn take_bytes(piece: &mut BytesMut) -> Bytes {
    if piece.capacity() > 2 * piece.len() {
        let copied = Bytes::copy_from_slice(piece);
        piece.clear();
        return copied;
    }
    piece.split().freeze()
}
