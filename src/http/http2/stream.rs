//! One stream of an HTTP/2 connection as the client of a request on its way.
//!
//! Of the hub's answer no more is read than the client's window and the memory of its connection
//! have room for; the charge is given back when the bytes are sent.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use h2::{RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use pingora_core::protocols::http::date::get_cached_date;
use tokio::time::timeout;

use crate::{
    http::{
        forward::{
            client::Client, headers::HeaderEdits, request_body::MOST_DROPPED,
            response_head::ResponseHead,
        },
        response::local_response::LocalResponse,
    },
    transport::{
        connection_info::ConnectionInfo, memory_budget::Account, write_timeout::WriteTimeout,
    },
};

/// One stream of an HTTP/2 connection.
pub(crate) struct Stream {
    body: RecvStream,
    /// Bytes of the body whose window is not given back yet: those on their way to the hub.
    on_the_way: usize,
    /// Whether the body has come whole.
    has_sent: bool,
    responder: SendResponse<Bytes>,
    /// Takes the body of the response, once that has begun.
    writer: Option<SendStream<Bytes>>,
    trailers: Option<HeaderMap>,
    /// Interim responses that were sent.
    hints: usize,
    write_timeout: WriteTimeout,
    connection: Arc<ConnectionInfo>,
}

/// Time for which the rest of a body is read and dropped.
const DROPPING: Duration = Duration::from_secs(5);
/// Interim responses to one request at most: no window of the client's bounds them.
const MOST_HINTS: usize = 32;

impl Stream {
    /// A stream whose request has arrived.
    pub(super) fn new(
        body: RecvStream,
        responder: SendResponse<Bytes>,
        connection: Arc<ConnectionInfo>,
    ) -> Self {
        Self {
            has_sent: body.is_end_stream(),
            body,
            on_the_way: 0,
            responder,
            writer: None,
            trailers: None,
            hints: 0,
            write_timeout: WriteTimeout::default(),
            connection,
        }
    }

    /// More of the body; none at its end.
    ///
    /// # Errors
    /// When the client resets the stream, or its connection ends.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, h2::Error> {
        self.has_forwarded();
        poll_fn(|context| self.poll_piece(context)).await
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, h2::Error>> {
        let Some(piece) = ready!(self.body.poll_data(context)?) else {
            self.has_sent = true;
            return Poll::Ready(Ok(None));
        };
        self.on_the_way += piece.len();
        self.has_sent = self.body.is_end_stream();
        Poll::Ready(Ok(Some(piece)))
    }

    /// Sends the head of a local response; returns its body, which is empty for HEAD.
    ///
    /// # Errors
    /// When the client has reset the stream.
    pub(super) fn begin_response(
        &mut self,
        answer: LocalResponse,
        is_head: bool,
    ) -> io::Result<Bytes> {
        let bare = is_head || answer.body.is_empty();
        self.start(answer.to_http2(), bare)?;
        Ok(if bare { Bytes::new() } else { answer.body })
    }

    /// Sends the body of a local response.
    ///
    /// # Errors
    /// When the client resets the stream, or takes nothing for too long.
    pub(super) async fn send_body(&mut self, mut left: Bytes) -> io::Result<()> {
        // The bytes of pages that never change are shared and charged to nobody.
        if left.is_unique() {
            if !self.may_wait(left.len()) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            left = self.connection.memory.queue(left);
        }
        while !left.is_empty() {
            let granted = self.granted(left.len()).await?;
            let some = left.split_to(granted.min(left.len()));
            self.write(some, left.is_empty())?;
        }
        Ok(())
    }

    /// Reads and drops what is left of the body, for a while: a client that is still sending takes
    /// the end of a stream for a failure of its request.
    pub(super) async fn drop_body(&mut self) {
        let dropping = async {
            let mut left = MOST_DROPPED;
            while !self.has_sent && left > 0 {
                match self.piece().await {
                    Ok(Some(piece)) => left = left.saturating_sub(piece.len()),
                    Ok(None) | Err(_) => return,
                }
            }
        };
        timeout(DROPPING, dropping).await.ok();
    }

    fn start(&mut self, mut head: Response<()>, ended: bool) -> io::Result<()> {
        let fields = head.headers_mut();
        fields.entry(header::DATE).or_insert_with(get_cached_date);
        let started = self.responder.send_response(head, ended);
        self.writer = Some(started.map_err(|_| io::ErrorKind::BrokenPipe)?);
        Ok(())
    }

    /// Whether a body may wait for the client, or the client takes some of it now.
    fn may_wait(&mut self, bytes: usize) -> bool {
        let Some(writer) = &mut self.writer else {
            return false;
        };
        writer.reserve_capacity(bytes);
        writer.capacity() > 0 || self.connection.memory.may_wait(bytes)
    }

    /// Waits until some bytes can be sent.
    async fn granted(&mut self, most: usize) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut waiting = pin!(grant(writer, &self.connection.memory, most));
        let stall = &mut self.write_timeout;
        let granted = poll_fn(|context| {
            let granted = waiting.as_mut().poll(context);
            stall.watch(context, granted)
        });
        match granted.await {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.connection.stall();
                Err(error)
            }
            granted => granted,
        }
    }

    fn send_now(&mut self, bytes: Bytes, ended: bool) -> io::Result<()> {
        let bytes = match bytes.is_empty() {
            true => bytes,
            false => self.connection.memory.queue(bytes),
        };
        self.write(bytes, ended)
    }

    /// Queues bytes for the client; the trailers end the stream where there are some.
    fn write(&mut self, bytes: Bytes, ended: bool) -> io::Result<()> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        self.write_timeout.earn(bytes.len());
        let trailers = self.trailers.take_if(|_| ended);
        let ended = ended && trailers.is_none();
        let mut sent = match bytes.is_empty() && !ended {
            true => Ok(()),
            false => writer.send_data(bytes, ended),
        };
        if let Some(trailers) = trailers {
            sent = sent.and_then(|()| writer.send_trailers(trailers));
        }
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Gives back the window that was reserved and is not needed.
    fn unreserve(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.reserve_capacity(0);
        }
    }
}

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

    /// Gives the window back: so all bodies of a connection together occupy no more than that.
    fn has_forwarded(&mut self) {
        let bytes = std::mem::take(&mut self.on_the_way);
        if bytes > 0 {
            // A stream that was reset has no window.
            self.body.flow_control().release_capacity(bytes).ok();
        }
    }

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let reset = match &mut self.writer {
            Some(writer) => writer.poll_reset(context),
            None => self.responder.poll_reset(context),
        };
        reset.map(|_| ())
    }

    fn answer(
        head: &ResponseHead<'_>,
        edits: &HeaderEdits<'_>,
        _connection: Option<&'static str>,
    ) -> Option<Response<()>> {
        let mut answer = Response::new(());
        *answer.status_mut() = head.status;
        for (name, value) in edits.changed(&head.fields) {
            let name = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value).ok()?;
            answer.headers_mut().append(name, value);
        }
        Some(answer)
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

    async fn hint(&mut self, head: Response<()>) -> io::Result<()> {
        self.hints += 1;
        if self.hints > MOST_HINTS {
            return Ok(());
        }
        let sent = self.responder.send_informational(head);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    async fn begin(&mut self, head: Response<()>, first: &[u8], ended: bool) -> io::Result<()> {
        let bare = ended && first.is_empty() && self.trailers.is_none();
        self.start(head, bare)?;
        if bare || (first.is_empty() && !ended) {
            return Ok(());
        }
        let _waiting = self.connection.memory.charge(first.len());
        self.send(&mut first.into(), ended).await
    }

    async fn send(&mut self, piece: &mut BytesMut, ended: bool) -> io::Result<()> {
        let mut left = whole(piece);
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

/// The bytes, copied where they would keep a buffer alive that is much larger.
fn whole(piece: &mut BytesMut) -> Bytes {
    if piece.capacity() > 2 * piece.len() {
        let copied = Bytes::copy_from_slice(piece);
        piece.clear();
        return copied;
    }
    piece.split().freeze()
}

/// Waits until the connection's memory and the client's window have room for some bytes.
async fn grant(writer: &mut SendStream<Bytes>, memory: &Account, most: usize) -> io::Result<usize> {
    loop {
        memory.room().await;
        let most = memory.queueable(most).max(1);
        writer.reserve_capacity(most);
        if writer.capacity() > 0 {
            return Ok(writer.capacity().min(most));
        }
        let granted = poll_fn(|context| writer.poll_capacity(context)).await;
        if !matches!(granted, Some(Ok(_))) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
}
