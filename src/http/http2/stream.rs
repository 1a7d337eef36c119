//! One HTTP/2 stream as the client of a forwarded request.
//!
//! No more of the upstream's response is read than fits into the stream's flow-control window and
//! the connection's memory budget; the charge ends when the bytes are sent.

mod client;

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use h2::{RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, Response, header};
use pingora_core::protocols::http::date::get_cached_date;
use tokio::time::timeout;

use crate::{
    http::{
        admission,
        forward::{client::Client, request_body::MOST_DROPPED},
        response::local_response::LocalResponse,
    },
    transport::{
        connection_info::ConnectionInfo, memory_budget::Account, write_timeout::WriteTimeout,
    },
};

/// One stream of an HTTP/2 connection.
pub(crate) struct Stream {
    body: RecvStream,
    /// Bytes received and not yet sent to the upstream; their window is not released yet.
    unforwarded: usize,
    /// Set when the request's content has arrived whole.
    has_sent: bool,
    responder: SendResponse<Bytes>,
    /// The sender of the response's content, once its head is sent.
    writer: Option<SendStream<Bytes>>,
    trailers: Option<HeaderMap>,
    /// Interim responses sent.
    interim: usize,
    write_timeout: WriteTimeout,
    connection: Arc<ConnectionInfo>,
}

/// Time for which the rest of a request's content is read and dropped.
const DROPPING: Duration = Duration::from_secs(5);

impl Stream {
    /// A stream after the head of its request.
    pub(super) fn new(
        body: RecvStream,
        responder: SendResponse<Bytes>,
        connection: Arc<ConnectionInfo>,
    ) -> Self {
        Self {
            has_sent: body.is_end_stream(),
            body,
            unforwarded: 0,
            responder,
            writer: None,
            trailers: None,
            interim: 0,
            write_timeout: WriteTimeout::default(),
            connection,
        }
    }

    /// Receives the form posted to an enrolment page; empty if it is too large.
    pub(super) async fn form(&mut self) -> Vec<u8> {
        let mut form = Vec::new();
        while let Ok(Some(piece)) = self.piece().await {
            if admission::grow(&mut form, &piece).is_none() {
                return Vec::new();
            }
        }
        form
    }

    /// Receives the next piece of content; none at its end.
    ///
    /// # Errors
    /// If the client resets the stream, or its connection ends.
    async fn piece(&mut self) -> Result<Option<Bytes>, h2::Error> {
        self.has_forwarded();
        poll_fn(|context| self.poll_piece(context)).await
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, h2::Error>> {
        let Some(piece) = ready!(self.body.poll_data(context)?) else {
            self.has_sent = true;
            return Poll::Ready(Ok(None));
        };
        self.unforwarded += piece.len();
        self.has_sent = self.body.is_end_stream();
        Poll::Ready(Ok(Some(piece)))
    }

    /// Sends the head of a local response; returns its content, which is empty for HEAD.
    ///
    /// # Errors
    /// If the client has reset the stream.
    pub(super) fn begin_response(
        &mut self,
        response: LocalResponse,
        is_head: bool,
    ) -> io::Result<Bytes> {
        let bare = is_head || response.body.is_empty();
        self.start(response.to_http2(), bare)?;
        Ok(if bare { Bytes::new() } else { response.body })
    }

    /// Sends the content of a local response.
    ///
    /// # Errors
    /// If the client resets the stream, or opens no window within the write timeout.
    pub(super) async fn send_body(&mut self, mut left: Bytes) -> io::Result<()> {
        // Pages without variable parts share their bytes, which are not charged.
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

    /// Reads and drops the rest of the content for a while: some clients report an error when a
    /// stream ends while they still send.
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

    /// Reports whether the window takes some bytes now, or the memory budget lets them wait.
    fn may_wait(&mut self, bytes: usize) -> bool {
        let Some(writer) = &mut self.writer else {
            return false;
        };
        writer.reserve_capacity(bytes);
        writer.capacity() > 0 || self.connection.memory.may_wait(bytes)
    }

    /// Waits until the window and the memory budget take some bytes; returns their number.
    async fn granted(&mut self, most: usize) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut waiting = pin!(grant(writer, &self.connection.memory, most));
        let write_timeout = &mut self.write_timeout;
        let granted = poll_fn(|context| {
            let granted = waiting.as_mut().poll(context);
            write_timeout.watch(context, granted)
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

    /// Queues bytes for the client; a trailer section ends the stream if there is one.
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

    /// Releases the reserved window that is not needed.
    fn unreserve(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.reserve_capacity(0);
        }
    }
}

/// Waits until the memory budget and the window take some bytes; returns their number.
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
