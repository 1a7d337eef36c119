//! The upstream's response: its head for the client, and the end of its content (RFC 9112,
//! section 6.3).

pub(super) mod frames;
#[cfg(any(fuzzing, test))]
#[allow(clippy::panic, reason = "a panic reports a broken property")]
pub(super) mod properties;
mod trailers;

use std::{io, mem::MaybeUninit};

use bytes::{Buf, BytesMut};
use http::{HeaderMap, StatusCode, Version};

use super::{
    client::Client,
    response_head::{Body, Parsed, RequestContext, ResponseHead},
};
use crate::{
    http::{admission::Admitted, websocket::handshake},
    transport::chunked::Unwrapped,
};

/// A response while it is received.
pub(super) struct Response<H> {
    /// Status.
    pub(crate) status: StatusCode,
    /// The head for the client.
    pub(super) head: H,
    /// Content that was received with the head.
    pub(super) first: BytesMut,
    /// The trailer section's lines, for a client that accepts no chunks.
    trailer_lines: BytesMut,
    /// The trailer section of a response over HTTP/2.
    trailer_fields: HeaderMap,
    /// Set for a stream without an end.
    pub(super) streaming: bool,
    /// Set when the client's connection closes after the response.
    pub(super) closes: bool,
    /// Bytes of content that were returned for the client.
    pub(super) sent: u64,
    body: Body,
    /// Set when the client gets chunks unchanged.
    takes_chunks: bool,
    /// Set when the upstream connection persists (RFC 9112, section 9.3).
    persists: bool,
    /// Set when the upstream sent bytes after the end of the response.
    overflowed: bool,
}

/// Bytes of a head at most.
const MOST_BYTES: usize = 256 * 1024;
/// Fields of a head at most.
pub(super) const MOST_FIELDS: usize = 256;

const TOO_LARGE: &str = "its head is too large";
const NO_FIELD: &str = "it has an invalid field";

/// Parses the head at the beginning of the bytes received. Returns what `take` makes of it and its
/// length; none while it is incomplete.
///
/// # Errors
/// The fault of a malformed head.
pub(super) fn parse_head<T>(
    received: &[u8],
    take: impl FnOnce(&ResponseHead<'_>) -> Parsed<T>,
) -> Parsed<Option<(T, usize)>> {
    let mut space = [const { MaybeUninit::uninit() }; MOST_FIELDS];
    let mut parsed = httparse::Response::new(&mut []);
    let strict = httparse::ParserConfig::default();
    let parsing = strict.parse_response_with_uninit_headers(&mut parsed, received, &mut space);
    let length = match parsing {
        Ok(httparse::Status::Complete(length)) if length <= MOST_BYTES => length,
        Ok(httparse::Status::Partial) if received.len() <= MOST_BYTES => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(TOO_LARGE),
        Err(_) => return Err("it is not HTTP/1.1"),
    };
    let taken = take(&ResponseHead::from_http1(&parsed)?)?;
    Ok(Some((taken, length)))
}

/// Checks a head of HTTP/2, beyond what `h2` does; `has_ended` is set if the response has no
/// content.
///
/// # Errors
/// The fault of a malformed head (RFC 9113, section 8.2.1).
pub(super) fn check_head(head: &http::Response<()>, has_ended: bool) -> Parsed<ResponseHead<'_>> {
    if head.headers().len() > MOST_FIELDS {
        return Err(TOO_LARGE);
    }
    match head.headers().values().all(trailers::is_unpadded) {
        true => Ok(ResponseHead::from_http2(head, has_ended)),
        false => Err(NO_FIELD),
    }
}

impl<H> Response<H> {
    /// Parses the next response in the bytes received; none while its head is incomplete.
    ///
    /// # Errors
    /// The fault of a malformed response.
    pub(super) fn parse<C: Client<ResponseHead = H>>(
        received: &mut BytesMut,
        request: &RequestContext<'_>,
        admitted: &Admitted,
    ) -> Parsed<Option<Self>> {
        let parsed = parse_head(received, |head| Self::new::<C>(head, request, admitted))?;
        let Some((mut response, length)) = parsed else {
            return Ok(None);
        };
        received.advance(length);
        if response.is_final() {
            response.first = std::mem::take(received);
            response.begin()?;
        }
        Ok(Some(response))
    }

    /// Takes a head of HTTP/2; `has_ended` is set if the response has no content.
    ///
    /// # Errors
    /// The fault of a malformed response.
    pub(super) fn from_http2<C: Client<ResponseHead = H>>(
        head: &http::Response<()>,
        has_ended: bool,
        request: &RequestContext<'_>,
        admitted: &Admitted,
    ) -> Parsed<Self> {
        Self::new::<C>(&check_head(head, has_ended)?, request, admitted)
    }

    fn new<C: Client<ResponseHead = H>>(
        head: &ResponseHead<'_>,
        request: &RequestContext<'_>,
        admitted: &Admitted,
    ) -> Parsed<Self> {
        let switches = head.switches(request)?;
        let length = head.content_length()?;
        let body = match switches {
            true => Body::UntilClose,
            false => head.body(request.method, length)?,
        };
        let version = admitted.exchange.logged.version;
        let takes_chunks = C::TAKES_CHUNKS && version != Version::HTTP_10;
        let body = body.for_client(takes_chunks, request.takes_trailers);
        if !takes_chunks && head.codings().count() > 1 {
            return Err("this client does not accept its Transfer-Encoding");
        }
        // Only a final response carries `close` (RFC 9112, section 9.6).
        let closes = request.closes_after(&body, version) && !head.status.is_informational();
        let mut edits = head.edits(admitted);
        head.frame(length, takes_chunks, &mut edits);
        if C::TAKES_CHUNKS
            && let Body::Frames(frames) = &body
        {
            frames.frame(&mut edits);
        }
        if version == Version::HTTP_10 {
            edits.remove("Trailer");
        }
        if switches {
            edits.set("Upgrade", handshake::PROTOCOL);
        }
        let connection = match closes {
            _ if switches => Some("Upgrade"),
            true => Some("close"),
            false => (version == Version::HTTP_10).then_some("keep-alive"),
        };
        Ok(Self {
            status: head.status,
            head: C::response_head(head, &edits, connection).ok_or(NO_FIELD)?,
            first: BytesMut::new(),
            trailer_lines: BytesMut::new(),
            trailer_fields: HeaderMap::new(),
            streaming: head.is_streaming(),
            closes,
            sent: 0,
            body,
            takes_chunks,
            persists: head.is_http_1_1 && !head.fields.connection().close,
            overflowed: false,
        })
    }

    /// Separates the head from the rest.
    pub(super) fn split(self) -> (H, Response<()>) {
        let rest = Response {
            status: self.status,
            head: (),
            first: self.first,
            trailer_lines: self.trailer_lines,
            trailer_fields: self.trailer_fields,
            streaming: self.streaming,
            closes: self.closes,
            sent: self.sent,
            body: self.body,
            takes_chunks: self.takes_chunks,
            persists: self.persists,
            overflowed: self.overflowed,
        };
        (self.head, rest)
    }

    /// Reports whether the connection switches to WebSocket.
    pub(super) fn switches(&self) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS
    }

    /// Reports whether this is the final response (RFC 9110, section 15.2).
    pub(super) fn is_final(&self) -> bool {
        !self.status.is_informational() || self.switches()
    }

    /// Reports whether all content was returned for the client.
    pub(super) fn has_ended(&self) -> bool {
        match &self.body {
            Body::Length(left) => *left == 0,
            Body::Chunked(chunks) => chunks.have_ended(),
            Body::Frames(frames) => frames.has_ended,
            Body::UntilClose => false,
        }
    }

    /// Reports whether the upstream connection can serve another request.
    pub(super) fn is_reusable(&self) -> bool {
        self.persists && !self.overflowed && self.has_ended()
    }

    /// Reduces a received piece to the bytes for the client.
    ///
    /// # Errors
    /// `InvalidData` for malformed chunks.
    pub(super) fn follow(&mut self, piece: &mut BytesMut) -> io::Result<()> {
        let before = piece.len();
        let belong = match &mut self.body {
            Body::Frames(frames) => {
                self.sent += frames.follow(piece)? as u64;
                return Ok(());
            }
            Body::UntilClose => before,
            Body::Chunked(chunks) if self.takes_chunks => chunks.follow(piece)?,
            Body::Chunked(chunks) => {
                let mut out = Unwrapped {
                    data: BytesMut::with_capacity(before),
                    trailers: std::mem::take(&mut self.trailer_lines),
                };
                let belong = chunks.unwrap(piece, &mut out)?;
                self.overflowed |= belong < before;
                (*piece, self.trailer_lines) = (out.data, out.trailers);
                piece.len()
            }
            Body::Length(left) => {
                let belong = usize::try_from(*left).unwrap_or(usize::MAX).min(before);
                *left -= belong as u64;
                belong
            }
        };
        self.overflowed |= belong < piece.len();
        piece.truncate(belong);
        self.sent += belong as u64;
        Ok(())
    }

    /// The trailer section for a client that accepts no chunks, once the content has ended.
    pub(super) fn take_trailers(&mut self) -> Option<HeaderMap> {
        if self.has_ended() && !self.trailer_fields.is_empty() {
            return Some(std::mem::take(&mut self.trailer_fields));
        }
        if !self.has_ended() || self.trailer_lines.is_empty() {
            return None;
        }
        trailers::parse(&std::mem::take(&mut self.trailer_lines))
    }

    /// Ends the content of a response over HTTP/2; appends the last chunk for a client that gets
    /// chunks.
    ///
    /// # Errors
    /// `InvalidData` if the content is shorter than its Content-Length, or the trailer section is
    /// malformed.
    pub(super) fn end(&mut self, trailers: HeaderMap, piece: &mut BytesMut) -> io::Result<()> {
        let Body::Frames(frames) = &mut self.body else {
            return Ok(());
        };
        let trailers = trailers::allowed(trailers)?;
        frames.end(&trailers, piece)?;
        self.trailer_fields = trailers;
        Ok(())
    }

    /// Checks that the content ends with the upstream connection.
    ///
    /// # Errors
    /// `UnexpectedEof` if it is incomplete.
    pub(super) fn check_close(&self) -> io::Result<()> {
        match self.body {
            Body::UntilClose => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Follows the content that was received with the head.
    fn begin(&mut self) -> Parsed<()> {
        let mut first = std::mem::take(&mut self.first);
        let followed = self.follow(&mut first);
        followed.map_err(|_| "its chunks are malformed")?;
        self.first = first;
        Ok(())
    }
}
